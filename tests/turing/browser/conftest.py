"""A real server process, a real Chromium, and somebody who rates."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("fastapi", reason="the extra `turing`")
pytest.importorskip("playwright", reason="the extra `dev`")
skimage = pytest.importorskip("skimage", reason="the extra `demo`")

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from skimage.color import lab2rgb, rgb2lab  # noqa: E402

import photochrom  # noqa: E402
from photochrom.evaluation.protocol import PictureList  # noqa: E402
from photochrom.turing.pairs import PairedNetwork, write_pairs  # noqa: E402

CHROMIUM = shutil.which("chromium")
QUIET = (  # nothing of its own over the network, nothing that a container lacks
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1366, "height": 768}},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
QUESTIONS = ("question", "pair")
GO_ON = {"start": "Start", "again": "Go on", "earnest": "Go on", "right": "Next", "wrong": "Next"}
"""Views with one button, and its name."""
SIZE = 256
Couple = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


def _couples() -> Iterator[Couple]:
    """Squares of photographs, and the same with the signs of a and b changed."""
    folder = Path(skimage.__file__).parent / "data"
    for top in (0, 40, 80):
        for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg"):
            photograph = skimage.io.imread(folder / name)[..., :3]
            real = photograph[top : top + SIZE, top : top + SIZE]
            lab = rgb2lab(real)
            lab[..., 1:] *= -0.6
            yield real, (lab2rgb(lab) * 255).round().astype(np.uint8)


@pytest.fixture(scope="session")
def pair_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pairs by one network, two for practice and two checks."""
    folder = tmp_path_factory.mktemp("browser") / "pairs"
    couples = list(_couples())
    write_pairs(
        folder,
        networks=[PairedNetwork(name="mirror", sha256="0" * 64)],
        tests=[(real, [fake]) for real, fake in couples[:8]],
        practice=couples[8:10],
        checks=couples[10:],
        pictures=PictureList(count=len(couples), sha256="0" * 64),
    )
    return folder


@dataclass
class Server:
    """`photochrom turing serve` in a process that can be killed and started again."""

    pairs: Path
    database: Path
    options: tuple[object, ...]
    port: int = 0
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Returns at once."""
        source = str(Path(photochrom.__file__).parents[1])
        options = ("--pairs", self.pairs, "--database", f"sqlite:///{self.database}")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-W", "error", "-m", "photochrom", "turing", "serve"),
                *map(str, (*options, "--port", self.port, *self.options)),
            ],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": source},
            text=True,
        )

    def wait(self) -> None:
        """Returns when the address has been printed, from which on requests are answered."""
        assert self.process
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line
        self.port = int(found[1])

    def kill(self) -> None:
        """SIGKILL: no chance to write anything."""
        if self.process and self.process.stdout:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def answers(self) -> list[dict[str, Any]]:
        """What the newest person answered, in order, read by SQLite itself."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                "SELECT number, kind, fake_at, choice, milliseconds FROM answer"
                " JOIN trial ON trial.id = trial_id"
                " WHERE participant_id = (SELECT max(id) FROM participant) ORDER BY number"
            )
            return [dict(row) for row in rows]


@pytest.fixture(scope="session")
def servers(
    pair_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Server]]:
    """One for each mode, four pairs a person: one for practice, two that count and a check; and
    one `unchanged`: eight pairs that count, in sequence, a second each by default.
    """
    plan = ("--practice", 1, "--checks", 1, "--trials", 2)
    options: dict[str, tuple[object, ...]] = {
        "sequence": ("--mode", "sequence", "--seconds", 0.25, *plan),
        "side-by-side": ("--mode", "side-by-side", *plan),
        "unchanged": ("--practice", 0, "--checks", 0),
    }
    started = {
        name: Server(pair_folder, tmp_path_factory.mktemp(name) / "answers.sqlite3", own)
        for name, own in options.items()
    }
    for server in started.values():
        server.launch()
    for server in started.values():
        server.wait()
    yield started
    for server in started.values():
        server.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one file of tests only: Playwright's event loop would be in the way of other files'."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield browser
        browser.close()


@dataclass
class Rater:
    """Somebody before a page: looks at what is shown, and answers."""

    page: Page
    server: Server
    originals: set[bytes]
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every request, fault, and complaint of the browser's console."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )

    @cached_property
    def touches(self) -> bool:
        return bool(self.page.evaluate("matchMedia('(pointer: coarse)').matches"))

    def press(self, name: str) -> None:
        """The visible button of that name, by finger or mouse."""
        button = self.page.get_by_role("button", name=name)
        if self.touches:
            button.tap()
        else:
            button.click()

    def agree(self) -> None:
        """From the first page to the first view of the trials."""
        self.page.goto(self.server.url)
        self.press("I agree, begin")
        self.see("start")

    def see(self, *views: str) -> str:
        """Wait until one of the views is there; which."""
        shown = self.page.wait_for_function(
            "views => views.find((view) => document.querySelector("
            "`#stage[data-view='${view}']`) || location.pathname === view)",
            arg=list(views),
            timeout=15_000,
        )
        return str(shown.json_value())

    def past(self, *views: str) -> None:
        """Wait until none of the views is there any more."""
        self.page.wait_for_function(
            "views => !views.includes(document.querySelector('#stage')?.dataset.view)",
            arg=list(views),
        )

    def ready_to_answer(self) -> None:
        """Go through whatever stands before the next question."""
        while (view := self.see(*GO_ON, *QUESTIONS)) in GO_ON:
            self.press(GO_ON[view])
            self.past(view)

    def fake(self) -> int:
        """Which picture is the fake, by comparing with the files of the originals."""
        sources = self.page.locator("figure img").evaluate_all("all => all.map((i) => i.src)")
        real = [self.page.request.get(source).body() in self.originals for source in sources]
        assert sorted(real) == [False, True]
        return real.index(False)

    def to_the_end(self, answer: Callable[[], None]) -> None:
        """Answer pair after pair."""
        while self.see(*GO_ON, *QUESTIONS, "/done") != "/done":
            self.ready_to_answer()
            answer()
            self.past(*QUESTIONS)


Visit = Callable[..., Rater]


@pytest.fixture
def visit(chromium: Browser, pair_folder: Path) -> Iterator[Visit]:
    """`visit(server, "phone")`: somebody new. Afterwards nothing may have left the server's
    origin, and the browser may not have complained, but for connections to a server that is gone.
    """
    originals = {path.read_bytes() for path in pair_folder.rglob("real/*.png")}
    raters: list[Rater] = []

    def come(server: Server, device: str = "desktop", **options: Any) -> Rater:
        context = chromium.new_context(**(DEVICES[device] | options))
        raters.append(Rater(context.new_page(), server, originals))
        raters[-1].watch()
        return raters[-1]

    yield come
    for rater in raters:
        rater.page.context.close()
    for rater in raters:
        assert rater.requests
        assert {url for url in rater.requests if not url.startswith(rater.server.url)} == set()
        unexplained = [told for told in rater.complaints if "Failed to load resource" not in told]
        assert unexplained == []
