"""Nothing is looked up on a network, and nothing is written outside output and cache folders.

Each command runs in a process whose audit hook ends it at the first look-up, connection, program
or file elsewhere; where the system allows it, in a network name space without any network, too,
which also holds for libraries that Python's hooks do not see.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import photochrom

LOOKED_UP, WROTE_ELSEWHERE = 97, 98

HOOK = f"""
import os
import sys

_PLACES = tuple(map(os.path.realpath, os.environ["WRITABLE"].split(os.pathsep)))
_LINES = {{
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
    "socket.gethostbyname", "socket.getnameinfo", "socket.sendmsg", "socket.sendto",
    "urllib.Request", "http.client.connect",
    # Programs, for they could do what this hook forbids.
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system",
    "subprocess.Popen",
}}
_CHANGES = {{
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.symlink", "os.truncate", "os.utime", "tempfile.mkdtemp", "tempfile.mkstemp",
}}
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _end(code, event, what):
    os.write(2, f"{{event}}: {{what}}\\n".encode())
    os._exit(code)


def _check(event, path):
    if isinstance(path, int):
        return
    real = os.path.realpath(os.fsdecode(path))
    inside = any(os.path.commonpath([real, place]) == place for place in _PLACES)
    if real != os.devnull and not inside:
        _end({WROTE_ELSEWHERE}, event, real)


def _watch(event, arguments):
    if event == "subprocess.Popen" and arguments[0] == "fc-list":
        return  # matplotlib, which draws the losses, asks once which fonts there are
    if event in _LINES:
        _end({LOOKED_UP}, event, arguments)
    elif event == "open" and arguments[2] & _TO_WRITE:
        _check(event, arguments[0])
    elif event in _CHANGES:
        for path in arguments[: 2 if event in ("os.link", "os.rename") else 1]:
            _check(event, path)


sys.addaudithook(_watch)
"""


@dataclass(frozen=True)
class Cell:
    """Folders of a process under watch."""

    folder: Path

    def run(
        self, *command: str, writable: tuple[str, ...] = ("work", "cache")
    ) -> "subprocess.CompletedProcess[str]":
        """Python in the folder `work`, allowed to write there and in `cache`."""
        source = str(Path(photochrom.__file__).parents[1])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(self.folder / "hook"), source]),
            "PYTHONDONTWRITEBYTECODE": "1",  # Python's own files
            "WRITABLE": os.pathsep.join(str(self.folder / name) for name in writable),
            "PHOTOCHROM_CACHE": str(self.folder / "cache"),
            **{name: str(self.folder / "home") for name in ("HOME", "USERPROFILE")},
            **{name: str(self.folder / "temporary") for name in ("TMPDIR", "TEMP", "TMP")},
        }
        for inherited in (
            "XDG_CACHE_HOME",
            "TORCHINDUCTOR_CACHE_DIR",
            "MPLCONFIGDIR",
        ):  # training sets two
            environment.pop(inherited, None)
        return subprocess.run(
            [*_alone(), sys.executable, *command],
            cwd=self.folder / "work",
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def files(self) -> set[str]:
        """Everything but the hook, below the folder."""
        found = (p.relative_to(self.folder) for p in self.folder.rglob("*") if p.is_file())
        return {path.as_posix() for path in found if path.parts[0] != "hook"}


def _alone() -> list[str]:
    """The prefix of a command that gets no network at all, where the system allows it."""
    prefix = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else []


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    for name in ("work", "cache", "home", "temporary", "hook"):
        (tmp_path / name).mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    return Cell(tmp_path)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import socket; socket.getaddrinfo('localhost', 80)", LOOKED_UP),
        ("import socket; socket.gethostbyname('localhost')", LOOKED_UP),
        ("import socket; socket.socket().connect(('127.0.0.1', 9))", LOOKED_UP),
        ("import os; os.system('true')", LOOKED_UP),
        ("import pathlib; (pathlib.Path.home() / 'x').write_text('')", WROTE_ELSEWHERE),
        ("import os; os.open('../x', os.O_RDWR | os.O_CREAT)", WROTE_ELSEWHERE),
        ("import os; os.mkdir('../x')", WROTE_ELSEWHERE),
        ("import os; open('x', 'w').close(); os.rename('x', '../x')", WROTE_ELSEWHERE),
        ("open('x', 'w').close(); open('../hook/sitecustomize.py').close()", 0),
    ],
)
def test_the_watch_itself(cell, code, expected):
    assert cell.run("-c", code).returncode == expected


def test_colorize(cell):
    for name in ("work/album/a.jpg", "work/album/1912/b.tif"):
        (cell.folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").resize((60, 40)).save(cell.folder / name)
    before = cell.files()
    result = cell.run("-m", "photochrom", "colorize", "-r", "album", "-o", "out")
    assert result.returncode == 0, result.stderr
    results = {"work/out/a.color.jpg", "work/out/1912/b.color.tif"}
    assert cell.files() - before == results | {"work/out/.photochrom.sqlite"}


def test_demo(cell):
    pytest.importorskip("skimage", reason="the extra `demo`")
    result = cell.run("-m", "photochrom", "demo")
    assert result.returncode == 0, result.stderr
    assert cell.files() == {"work/photochrom-demo.png"}


def test_the_second_executor(cell):
    Image.linear_gradient("L").resize((60, 40)).save(cell.folder / "work" / "a.png")
    result = cell.run("-m", "photochrom", "colorize", "a.png", "--executor", "openvino")
    assert result.returncode == 0, result.stderr
    assert cell.files() == {"work/a.png", "work/a.color.png"}


def _color_pictures(folder: Path) -> None:
    folder.mkdir()
    for angle in range(4):
        planes = [Image.linear_gradient("L").rotate(90 * turn) for turn in (angle, 1, 2 * angle)]
        Image.merge("RGB", planes).resize((48, 48)).save(folder / f"{angle}.png")


def test_evaluate(cell):
    _color_pictures(cell.folder / "work" / "pictures")
    before = cell.files()
    result = cell.run(
        *("-m", "photochrom", "evaluate", "--data", "pictures", "--size", "32", "-o", "out"),
        *("--old", "pictures"),
    )
    assert result.returncode == 0, result.stderr
    new = cell.files() - before
    assert {path.split("/")[0] for path in new} == {"work", "cache"}
    assert all(
        path.startswith(("cache/matplotlib/", "cache/baselines/", "work/out/")) for path in new
    )
    assert {f"work/out/{name}" for name in ("page.html", "table.md", "sheet.png", "old.png")} < new
    again = cell.run("-m", "photochrom", "compare", "out/results", "-o", "out/compared")
    assert again.returncode == 0, again.stderr
    assert cell.files() - new - before == {
        f"work/out/compared/{name}" for name in ("page.html", "table.md", "table.csv")
    }


def test_train(cell):
    _color_pictures(cell.folder / "work" / "pictures")
    (cell.folder / "work" / "tiny.toml").write_text(
        'name = "tiny"\nbatch = 2\nstages = [{ size = 32, steps = 2 }]\n'
        '[model]\nname = "autochrome"\nsettings = { widths = [8, 8, 8] }\n'
        '[data]\ntrain = ["pictures"]\nshort_side = 40\n'
    )
    # PyTorch has Python try out the folder for temporary files; nothing stays there.
    result = cell.run(
        *("-m", "photochrom", "train", "tiny.toml", "--threads", "1"),
        writable=("work", "cache", "temporary"),
    )
    assert result.returncode == 0, result.stderr
    assert (cell.folder / "work" / "runs" / "tiny" / "checkpoint.safetensors").exists()
    assert {path.split("/")[0] for path in cell.files()} == {"work", "cache"}
    assert not list((cell.folder / "temporary").iterdir())


@pytest.mark.parametrize(
    "arguments",
    [("models",), ("models", "autochrome"), ("demo", "--help"), ("train", "--help"), ("--help",)],
)
def test_what_only_prints_writes_nothing(cell, arguments):
    result = cell.run("-m", "photochrom", *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert cell.files() == set()


def test_the_call(cell):
    code = "import numpy, photochrom; photochrom.colorize(numpy.zeros((9, 9), numpy.uint8))"
    result = cell.run("-c", code)
    assert result.returncode == 0, result.stderr
    assert cell.files() == set()
