"""Many pictures, a crew and a ledger: what is current is left alone, the rest is colored."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Literal

from ..errors import PhotochromError
from .aside import set_aside
from .crew import Crew, Hiring
from .folders import Folders
from .full import is_full
from .ledger import Ledger
from .survey import Rules, Verdict, judge
from .task import Colored, Died, Failed, Outcome, Report, Task, stamp_of

_TRIES = 3  # deaths that a picture may cause before it is set apart
_AHEAD = 64  # pictures that are looked at, and claimed, at a time: one write to the disk for all
_TICK = 0.2  # seconds after which Ctrl-C is heeded at the latest

Pictures = Iterable[tuple[Path, Path]]
"""From each source to its target."""


class Job:
    """Colors what needs it; see `run`."""

    def __init__(self, ledger: Ledger, hiring: Hiring, rules: Rules, stop: Event) -> None:
        """A job, not yet begun.

        Args:
            ledger: what is known; kept up to date, and left open.
            hiring: who is to color.
            rules: see there.
            stop: once it is set no further picture is begun; those in hand are finished.
        """
        self._ledger = ledger
        self._hiring = hiring
        self._rules = rules
        self._stop = stop
        self._crew: Crew | None = None
        self._folders = Folders()
        self._chosen: dict[Path, tuple[str, Path | None]] = {}
        self._ready: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._deaths: Counter[Path] = Counter()
        self._exhausted = False
        self._full = ""

    def __enter__(self) -> "Job":
        return self

    def __exit__(self, *_: object) -> None:
        if self._crew is not None:
            self._crew.close()

    def run(self, pictures: Pictures) -> Iterator[Outcome]:
        """Color pictures. May be called again with others; the crew stays.

        Returns:
            An outcome for each picture, in the order in which they are ready; none for those that
            were not begun when `stop` was set.

        Raises:
            PhotochromError: the disk is full, the ledger cannot be written, or nobody in the crew
                can color; what was done until then is in the ledger.
        """
        waiting = iter(pictures)
        self._exhausted = False
        try:
            while not self._is_over:
                if self._is_hungry:
                    yield from self._prepare(list(islice(waiting, _AHEAD)))
                yield from self._hand_out()
                if self._crew is None:
                    continue
                for report in self._crew.reports(0 if self._is_hungry else _TICK):
                    yield from self._hand_out()  # first: nobody is to wait for the ledger
                    yield from self._settle(report)
                self._ledger.commit_if_due()
        finally:
            self._folders.prune()
            with suppress(PhotochromError):  # of a full disk, for one, the user hears below
                self._ledger.release([*self._ready, *self._again])
            self._ready.clear()
            self._again.clear()
        if self._full:
            raise PhotochromError(self._full)

    @property
    def _is_stopping(self) -> bool:
        return self._stop.is_set() or bool(self._full)

    @property
    def _busy(self) -> int:
        return self._crew.busy if self._crew else 0

    @property
    def _idle(self) -> int:
        return self._crew.idle if self._crew else 0

    @property
    def _is_over(self) -> bool:
        rest = self._ready or self._again or not self._exhausted
        return not self._busy and (self._is_stopping or not rest)

    @property
    def _is_hungry(self) -> bool:
        """Whether further pictures are to be looked at now."""
        return not self._exhausted and not self._is_stopping and len(self._ready) <= self._idle

    def _prepare(self, pictures: list[tuple[Path, Path]]) -> Iterator[Outcome]:
        """Look at further pictures, and claim those that are to be colored."""
        self._exhausted = len(pictures) < _AHEAD
        tasks = []
        for source, target in pictures:
            verdict = judge(source, target, self._ledger, self._rules)
            if verdict.kind != "color":
                yield self._passed(verdict)
                continue
            try:
                aside = set_aside(target) if verdict.keeps else None
            except OSError as error:
                reason = f"{target}: has changed, and cannot be set aside ({error.strerror})"
                yield Outcome(source, target, "failed", f"{reason}; --force replaces it")
                continue
            self._chosen[target] = verdict.reason, aside
            tasks.append(verdict.task)
        if tasks:
            self._ledger.claim(tasks, self._rules.identity)
            self._ready.extend(tasks)

    def _passed(self, verdict: Verdict) -> Outcome:
        """The outcome of a picture that is not to be colored."""
        task = verdict.task
        if verdict.refreshed:
            self._ledger.refresh(task, *verdict.refreshed)
        if verdict.kind == "current":
            return Outcome(task.source, task.target, "current")
        if verdict.kind == "quarantined":
            return Outcome(task.source, task.target, "quarantined", verdict.reason)
        return Outcome(task.source, task.target, "failed", verdict.reason)

    def _hand_out(self) -> Iterator[Outcome]:
        """Give the crew what it can take; pictures over which somebody died come last, alone."""
        if self._crew is None and self._ready:
            self._crew = self._hiring.crew(self._ready, all_there=self._exhausted)
        if self._crew is None or self._is_stopping:
            return
        while self._ready and self._crew.idle:
            task = self._ready.popleft()
            try:
                self._folders.prepare(task.target.parent)
            except OSError as error:
                fault = f"{task.target}: its folder cannot be made ({error.strerror})"
                report = Failed(task, f"{fault}; choose another --output", full=is_full(error))
                yield from self._settle(report)
            else:
                self._crew.give(task)
        alone = self._exhausted and not self._ready and not self._crew.busy
        if alone and self._again and self._crew.idle:
            self._crew.give(self._again.popleft())

    def _settle(self, report: Report) -> Iterator[Outcome]:
        """Note in the ledger what became of a picture."""
        task = report.task
        if isinstance(report, Colored):
            self._ledger.record(report, self._rules.identity)
            reason, aside = self._chosen.pop(task.target, ("", None))
            yield Outcome(
                *(task.source, task.target, "colored", reason),
                source_sha256=report.source.sha256,
                result_sha256=report.result.sha256,
                seconds=report.seconds,
                aside=aside,
                notes=report.notes,
                beside=report.beside,
            )
        elif isinstance(report, Died):
            yield from self._retry(report)
        elif report.full:
            self._ready.appendleft(task)  # which is released with the others
            self._full = (
                f"{task.target}: the disk is full; free some space and run the same command "
                "again, which goes on where this one stopped"
            )
        else:
            yield self._give_up(task, "failed", report.reason)

    def _retry(self, died: Died) -> Iterator[Outcome]:
        """Another try, unless the picture has cost enough of them."""
        task = died.task
        self._deaths[task.target] += 1
        if self._deaths[task.target] < _TRIES:
            self._again.append(task)
            return
        yield self._give_up(
            task,
            "quarantined",
            f"{task.source}: set apart, because in {_TRIES} tries {died.reason}; --retry tries "
            "once more",
        )

    def _give_up(self, task: Task, state: Literal["failed", "quarantined"], reason: str) -> Outcome:
        self._chosen.pop(task.target, None)
        self._deaths.pop(task.target, None)
        source = stamp_of(task.source)
        self._ledger.give_up(task, self._rules.identity, state, reason, source)
        return Outcome(task.source, task.target, state, reason)
