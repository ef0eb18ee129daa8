"""Damages files by chance and has them read: `python tests/robustness/fuzz.py --minutes 10`.

Pictures, hint files, sidecars, orders and ledgers are read in a process that may die of them: 30
seconds for a file, 2 GB of address space in all. A finding is anything but a result or one clear
line: an exception that is none of Photochrom's, a crash, a hang, a message of several lines, a
traceback on stderr, something left behind. The file is kept, and what was said of it, and

    python tests/robustness/fuzz.py --repeat FOLDER

reads those of a folder again. The same seed damages the same files.
"""

import argparse
import json
import os
import random
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import mutation
import seeds

LIMIT = 30.0  # seconds for a file
_LONG, _MUCH = 5.0, 200 << 20  # seconds, and bytes, that are worth a look
_MEMORY = Path("/dev/shm")  # where files need not be waited for until they are on a disk
_KINDS = ("picture",) * 16 + ("hints",) * 2 + ("sidecar", "order", "ledger")
_NOISE = (b"Traceback", b"Exception ignored", b"CRITICAL", b"fault")


class Prober:
    """The process that reads damaged files, begun anew when it has ended."""

    def __init__(self, work: str) -> None:
        """Begin none yet; `work` is the folder of its temporary files."""
        self._work = work
        self.slowest = 0.0
        """Seconds that a file has taken."""
        self.peak = 0
        """Bytes of memory, at most."""
        self.was_heavy = False
        """Whether the last file took far longer, or far more memory, than others."""
        self._process: subprocess.Popen[bytes] | None = None
        self._said = TemporaryFile()  # noqa: SIM115 - lives as long as this does

    def probe(self, path: Path) -> str:
        """`sound`, `refused`, or what is wrong with how a file is read."""
        process = self._process or self._begun()
        assert process.stdin is not None
        assert process.stdout is not None
        begin, peak = time.monotonic(), self.peak
        noise = self._said.seek(0, os.SEEK_END)
        process.stdin.write(json.dumps(str(path)).encode() + b"\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], LIMIT)
        line = process.stdout.readline() if ready else b""
        took = time.monotonic() - begin
        self.slowest = max(self.slowest, took)
        if not line:
            self.end()
            reason = "hang" if not ready else f"crash: exit code {process.returncode}"
            return f"{reason}\n{self._since(noise)}"
        self._note_memory(process.pid)
        self.was_heavy = took > _LONG or self.peak - peak > _MUCH
        heard = self._since(noise)
        said: str = json.loads(line)
        noisy = any(word.decode() in heard for word in _NOISE)
        return f"noise\n{heard}" if noisy and said in ("sound", "refused") else said

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _begun(self) -> "subprocess.Popen[bytes]":
        source = Path(__file__).parents[2] / "src"
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("prober.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=os.environ
            | {
                "PYTHONPATH": str(source),
                "PYTHONFAULTHANDLER": "1",
                "TMPDIR": self._work,
            },
        )
        return self._process

    def _since(self, place: int) -> str:
        self._said.seek(place)
        return self._said.read().decode(errors="replace")

    def _note_memory(self, process: int) -> None:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                self.peak = max(self.peak, int(line.split()[1]) * 1024)


def cases(seed: int) -> Iterator[tuple[str, str, bytes]]:
    """For ever: what a file is used for, its name's ending, and its bytes."""
    sound = {
        "picture": list(seeds.pictures()),
        "hints": list(seeds.hints()),
        "order": list(seeds.orders()),
        "sidecar": list(seeds.sidecars()),
        "ledger": list(seeds.ledgers()),
    }
    for kind, files in sound.items():
        for name, data in files:
            yield kind, name, data
    for number in range(1 << 62):
        rng = random.Random(f"{seed} {number}")
        kind = rng.choice(_KINDS)
        name, data = rng.choice(sound[kind])
        others = [other for _, other in sound[kind]]
        yield kind, name, mutation.damaged(data, rng, others)


def stored(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """The files of folders that are called by what they are used for."""
    for path in sorted(folder.glob("*/*")):
        if path.suffix != ".txt":
            yield path.parent.name, path.name, path.read_bytes()


def main() -> int:
    """Returns the exit code: 1 where there are findings."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--minutes", type=float, default=10, help="at most")
    words.add_argument(
        "--cases", type=int, help="at most; the sound files, which come first, count"
    )
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--keep", type=Path, metavar="FOLDER", help="where findings are put")
    words.add_argument("--repeat", type=Path, metavar="FOLDER", help="of findings, read again")
    chosen = words.parse_args()
    end = time.monotonic() + 60 * chosen.minutes
    counts: Counter[str] = Counter()
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as work:
        prober = Prober(work)
        files = stored(chosen.repeat) if chosen.repeat else cases(chosen.seed)
        for number, (kind, name, data) in enumerate(files):
            if time.monotonic() > end or number == chosen.cases:
                break
            path = Path(work, kind, f"case{Path(name).suffix}")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            said = prober.probe(path)
            counts[f"{kind} {said if said in ('sound', 'refused') else 'finding'}"] += 1
            if prober.was_heavy and chosen.keep:
                _keep(chosen.keep / "heavy" / f"{chosen.seed}-{number}-{name}", data, said)
            if said not in ("sound", "refused"):
                print(f"{chosen.seed} {number} {kind} {name}: {_in_short(said)}", flush=True)
                if chosen.keep:
                    _keep(chosen.keep / kind / f"{chosen.seed}-{number}-{name}", data, said)
        prober.end()
    for what, count in sorted(counts.items()):
        print(f"{count:7} {what}")
    print(f"{sum(counts.values())} files, {prober.peak >> 20} MiB, slowest {prober.slowest:.1f} s")
    return int(any("finding" in what for what in counts))


def _in_short(said: str) -> str:
    """Of what may be a traceback, the line that tells."""
    return " ... ".join(said.strip().splitlines()[:: max(1, len(said.strip().splitlines()) - 1)])


def _keep(path: Path, data: bytes, said: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.with_name(f"{path.name}.txt").write_text(said)


if __name__ == "__main__":
    sys.exit(main())
