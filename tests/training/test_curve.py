from pathlib import Path

import pytest

from photochrom.errors import TrainingError
from photochrom.training.curve import LossCurve, read_curve

ALONE = ["model"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "losses.csv"


def test_written_and_read_back_exactly(file: Path) -> None:
    losses = [0.1 + 0.2, 1e-30, 5.0]
    with LossCurve(file, ALONE, 0) as curve:
        for step, loss in enumerate(losses):
            curve.add(step, [loss])
    header, *lines = file.read_text().splitlines()
    assert header == "step,model"
    assert [tuple(map(float, line.split(","))) for line in lines] == list(enumerate(losses))


def test_a_column_for_each_team(file: Path) -> None:
    with LossCurve(file, ["discriminator", "model"], 0) as curve:
        curve.add(0, [0.25, 1e-30])
        curve.add(1, [0.1 + 0.2, 5.0])
    assert file.read_text().splitlines()[0] == "step,discriminator,model"
    assert read_curve(file) == (["discriminator", "model"], [[0.25, 1e-30], [0.1 + 0.2, 5.0]])


def test_steps_after_the_checkpoint_are_dropped(file: Path) -> None:
    file.write_text("step,model\n0,3.5\n1,2.5\n2,1.5\n3,0.5\n")
    with LossCurve(file, ALONE, 2) as curve:
        curve.add(2, [9.5])
    assert file.read_text() == "step,model\n0,3.5\n1,2.5\n2,9.5\n"


@pytest.mark.parametrize("cut", ["1", "12", "12,", "12,0.", "12,0.25"])
def test_half_written_line_is_dropped(file: Path, cut: str) -> None:
    """Even where what is left of its number is that of an earlier step."""
    whole = "step,model\n" + "".join(f"{step},1.5\n" for step in range(12))
    file.write_text(whole + cut)
    with LossCurve(file, ALONE, 13):
        pass
    assert file.read_text() == whole


@pytest.mark.parametrize("cut", ["", "step", "step,model", "step,model\n"])
def test_cut_at_the_very_start(file: Path, cut: str) -> None:
    file.write_text(cut)
    with LossCurve(file, ALONE, 5) as curve:
        curve.add(5, [1.0])
    assert file.read_text() == "step,model\n5,1.0\n"


def test_a_new_start_empties_the_file(file: Path) -> None:
    file.write_text("step,model\n0,3.5\n")
    with LossCurve(file, ALONE, 0):
        pass
    assert file.read_text() == "step,model\n"


def test_flushed_lines_are_in_the_file_before_it_is_closed(file: Path) -> None:
    with LossCurve(file, ALONE, 0) as curve:
        curve.add(0, [1.0])
        curve.flush()
        assert file.read_text() == "step,model\n0,1.0\n"


def test_nothing_is_left_beside(file: Path) -> None:
    with LossCurve(file, ALONE, 0):
        assert [path.name for path in file.parent.iterdir()] == ["losses.csv"]


def test_a_file_of_somebody_else_stays(file: Path) -> None:
    file.write_text("my losses of 2019\n")
    with pytest.raises(TrainingError, match=r"losses\.csv: is not of a run"):
        LossCurve(file, ["model"], 0)
    assert file.read_text() == "my losses of 2019\n"
