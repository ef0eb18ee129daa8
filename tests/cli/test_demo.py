"""`photochrom demo`."""

from pathlib import Path

import pytest

from photochrom import image

pytest.importorskip("skimage", reason="the extra `demo`")


def test_sheet_with_its_path_in_the_last_line_and_again(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("demo")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "photochrom-demo.png"
    for name in ("camera", "moon", "astronaut", "coffee", "chelsea", "rocket", "motorcycle_left"):
        assert f"{name} " in result.stdout
    sheet = image.read("photochrom-demo.png").pixels
    columns = [sheet[:, begin : begin + 256].astype(int) for begin in (8, 272, 536)]
    colorful = [abs(c[..., 0] - c[..., 2]).mean() for c in columns]
    assert colorful[0] == 0  # before: no color
    assert colorful[1] > 2
    assert colorful[2] > 2
    assert (columns[2][60:300] == columns[2][60, 0]).all()  # camera: no original
    assert run("demo").exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["photochrom-demo.png"]


def test_other_files_are_not_replaced(run, tmp_path, photo):
    for path in (photo("mine.png"), Path(tmp_path / "words.png")):
        if not path.exists():
            path.write_text("no picture")
        before = path.read_bytes()
        result = run("demo", "-o", path)
        assert result.exit_code == 1
        assert "--force" in result.stderr
        assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["absent/sheet.png", "sheet.gif"])
def test_faults_are_told_before_the_work(run, tmp_path, name, monkeypatch):
    monkeypatch.setattr("photochrom.inference.load_engine", None)
    result = run("demo", "-o", tmp_path / name)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {tmp_path / name}: ")
