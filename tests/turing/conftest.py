"""Real servers in processes of their own, and raters that talk to them over HTTP."""

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import photochrom
from photochrom.evaluation.protocol import PictureList
from photochrom.turing.pairs import PairedNetwork, PairFolder, write_pairs

MakePairs = Callable[..., PairFolder]


class Server:
    """`photochrom turing serve`; killed and started again it keeps its port and its database."""

    def __init__(self, pairs: Path, database: str, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{port}"
        self.database = database
        self._arguments = ["serve", "--pairs", str(pairs), "--port", port, "--database", database]
        self._arguments += options
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when the address has been printed."""
        source = str(Path(photochrom.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "photochrom", "turing", *self._arguments],
            env=os.environ | {"PYTHONPATH": source},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line == f"Photochrom's Turing test: {self.address}/\n"

    def kill(self) -> None:
        """kill -9: nothing of the server's runs after this."""
        if self.process:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None


class Rater:
    """A person with a browser, who sees every difference and decides as told."""

    def __init__(self, address: str, patience: float = 60) -> None:
        self.client = httpx.Client(base_url=address, timeout=20)
        self._patience = patience

    def insist(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask until the server answers."""
        end = time.monotonic() + self._patience
        while True:
            try:
                return self.client.request(method, path, **options)
            except httpx.TransportError:
                assert time.monotonic() < end, "no server"
                time.sleep(0.05)

    def consent(self) -> None:
        """Become a participant."""
        response = self.insist("POST", "/consent")
        assert response.status_code == 303

    def due(self) -> Any:
        """What is to be shown now."""
        response = self.insist("GET", "/api/trial")
        assert response.status_code == 200
        return response.json()

    def look(self, trial: Any) -> list[str]:
        """SHA-256 of both pictures."""
        return [hashlib.sha256(self.insist("GET", p).content).hexdigest() for p in trial["images"]]

    def reply(self, number: int, choice: int, milliseconds: int = 700) -> httpx.Response:
        """Answer a trial."""
        answer = {"number": number, "choice": choice, "milliseconds": milliseconds}
        return self.insist("POST", "/api/answer", json=answer)

    def close(self) -> None:
        """Close the browser."""
        self.client.close()


@pytest.fixture(scope="session")
def make_pairs_of_noise(tmp_path_factory: pytest.TempPathFactory) -> MakePairs:
    """Tiny pairs that all differ: what is shown matters, not how it looks."""

    def make(tests: int, networks: tuple[str, ...] = ("a", "b"), others: int = 4) -> PairFolder:
        random = np.random.default_rng(tests)

        def picture() -> Any:
            return random.integers(0, 256, (8, 8, 3), dtype=np.uint8)

        return write_pairs(
            tmp_path_factory.mktemp("pairs") / "pairs",
            networks=[PairedNetwork(name=name, sha256="0" * 64) for name in networks],
            tests=[(picture(), [picture() for _ in networks]) for _ in range(tests)],
            practice=[(picture(), picture()) for _ in range(others)],
            checks=[(picture(), picture()) for _ in range(others)],
            pictures=PictureList(count=tests + 2 * others, sha256="0" * 64),
        )

    return make


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server; it is killed after the last test of the file."""
    servers: list[Server] = []

    def start(pairs: Path, database: str, *options: str) -> Server:
        servers.append(Server(pairs, database, *options))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def rater() -> Iterator[Callable[[str], Rater]]:
    """Sit somebody down before an address."""
    people: list[Rater] = []

    def sit(address: str) -> Rater:
        people.append(Rater(address))
        return people[-1]

    yield sit
    for person in people:
        person.close()
