"""Files that are whole or not there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.whole import beginning, replacing


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with replacing(target) as beside:
        assert beside.parent == tmp_path
        assert beside.suffix == ".csv"
        beside.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")

    def fail() -> None:
        with replacing(target) as beside:
            beside.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_killed_process_leaves_the_earlier_file(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from photochrom.whole import replacing\n"
        "with replacing(Path(sys.argv[1])) as beside:\n"
        "    beside.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, target])
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "old"


def test_what_cannot_be_written_is_named_as_the_caller_knows_it(tmp_path: Path) -> None:
    target = tmp_path / "gone" / "table.csv"
    with pytest.raises(OSError, match="No such file") as raised, replacing(target) as beside:
        beside.write_text("new")
    assert raised.value.filename == str(target)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space left") as raised, replacing(target):
        Path("/dev/full").write_text("new")
    assert raised.value.filename == str(target)
    assert not target.exists()


def test_a_folder_appears_with_all_that_is_in_it(tmp_path: Path) -> None:
    target = tmp_path / "pairs"
    target.mkdir()  # empty: it may be there
    with beginning(target) as beside:
        (beside / "one").write_text("whole")
        assert not list(target.iterdir())
    assert (target / "one").read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with beginning(tmp_path / "pairs") as beside:
            (beside / "one").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_folder_of_somebody_stays(tmp_path: Path) -> None:
    target = tmp_path / "pairs"
    target.mkdir()
    (target / "mine").write_text("old")

    def overwrite() -> None:
        with beginning(target) as beside:
            (beside / "one").write_text("new")

    with pytest.raises(OSError, match="not empty"):
        overwrite()
    assert [path.name for path in target.iterdir()] == ["mine"]
