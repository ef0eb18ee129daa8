"""A plan carried out, or only told: what `colorize` and `watch` have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import typer

from ..batch.crew import Hiring
from ..batch.job import Job
from ..batch.model import identify
from ..batch.opening import forgetful, open_ledger, read_ledger
from ..batch.survey import Rules, judge
from ..batch.task import Outcome
from ..errors import PhotochromError
from .faults import INTERRUPTED, tell
from .interrupts import ctrl_c
from .lines import Log, json_line, remark
from .plan import Fault, Plan
from .progress import Display


@dataclass(frozen=True)
class Carrying:
    """How a plan is carried out."""

    hiring: Hiring
    """With what, and by how many."""
    force: bool
    """Whether outputs may be replaced that no ledger knows."""
    retry: bool
    """Whether pictures that were set apart are tried again."""
    json: bool
    """Whether stdout is for scripts."""
    log: Path | None
    """File for what became of each picture."""


class Telling:
    """What goes to the display and the log, and at the end to stderr."""

    def __init__(self, display: Display, log: Log, wanted: Carrying) -> None:
        self.display = display
        self.log = log
        self._json = wanted.json
        self._faults: list[Fault] = []
        self.failed = False
        """Whether there was any fault so far."""

    def picture(self, outcome: Outcome) -> None:
        """Tell what became of a picture."""
        self.display.show(outcome)
        self.log.picture(outcome)
        for note in outcome.notes:
            remark(note)
        if outcome.aside:
            remark(f"{outcome.target}: had been changed; that version is now {outcome.aside}")
        if outcome.is_fault:
            self._add(Fault(str(outcome.source), outcome.reason))

    def fault(self, fault: Fault) -> None:
        """Tell of an input, or of the whole job, that there is nothing to color."""
        self.log.write(f"failed {fault.name}: {fault.message}")
        if self._json:
            typer.echo(json_line("fault", source=fault.name, reason=fault.message))
        self._add(fault)

    def say(self) -> None:
        """Print the faults that were not printed yet, a line each, by name."""
        for fault in sorted(self._faults, key=lambda fault: fault.name):
            tell(fault.message if fault.name in fault.message else f"{fault.name}: {fault.message}")
        self._faults = []

    def _add(self, fault: Fault) -> None:
        self.failed = True
        self._faults.append(fault)


@contextmanager
def under_way(
    folder: Path | None, total: int | None, wanted: Carrying
) -> Iterator[tuple[Job, Telling, Event]]:
    """A job that can be run, somebody to tell of it, and the event that Ctrl-C sets.

    Args:
        folder: of the ledger; None: nobody remembers.
        total: pictures; None: nobody knows.
        wanted: see there.

    Raises:
        PhotochromError: the ledger or the log cannot be used, or there is no such network.
    """
    order = wanted.hiring.order
    identity, weights = identify(order)
    with (
        Log(wanted.log) as log,
        forgetful() if folder is None else open_ledger(folder) as ledger,
        Display(total, json=wanted.json) as display,
        ctrl_c() as stop,
        Job(ledger, wanted.hiring, Rules(identity, wanted.force, wanted.retry), stop) as job,
    ):
        ledger.begin(identity, order.parameters(), weights)
        yield job, Telling(display, log, wanted), stop


def carry_out(plan: Plan, wanted: Carrying) -> int:
    """Color what was planned; returns the exit code."""
    total = len(plan.pictures) + len(plan.faults)
    with under_way(plan.ledger, len(plan.pictures), wanted) as (job, telling, stop):
        for fault in plan.faults:
            telling.fault(fault)
        try:
            for outcome in job.run(plan.pictures):
                telling.picture(outcome)
        except PhotochromError as error:
            telling.fault(Fault("", str(error)))
        interrupted = stop.is_set()
    telling.say()
    if wanted.json:
        typer.echo(telling.display.end_line(interrupted=interrupted))
    if total > 1:
        typer.echo(telling.display.summary(total), err=True)
    if interrupted:
        return INTERRUPTED
    return 1 if telling.failed else 0


def together(plan: Plan, wanted: Carrying) -> tuple[Plan, Carrying]:
    """The same plan for pictures that belong together, whose colors are found first.

    Nobody remembers the results: what a picture becomes depends on which others there are.

    Raises:
        typer.BadParameter: more than one candidate is wanted of each.
        PhotochromError: there is no such network.
    """
    from ..archive.together import agree

    order = wanted.hiring.order
    if order.candidates > 1:
        raise typer.BadParameter("pictures that agree have one way of coloring; leave one out")
    faults: dict[Path, Fault] = {}

    def unreadable(source: Path, error: PhotochromError) -> None:
        faults[source] = Fault(str(source), str(error))

    sources = [source for source, _ in plan.pictures]
    agreed = agree(sources, order.colorizer(), order, unreadable)
    known = tuple(picture for picture in plan.pictures if picture[0] not in faults)
    return (
        replace(plan, pictures=known, faults=(*plan.faults, *faults.values()), ledger=None),
        replace(wanted, hiring=replace(wanted.hiring, colorizer=agreed)),
    )


def rehearse(plan: Plan, wanted: Carrying) -> int:
    """Print what `carry_out` would do; returns the exit code that it could hope for."""
    identity, _ = identify(wanted.hiring.order)
    rules = Rules(identity, wanted.force, wanted.retry)
    telling = [fault.message for fault in plan.faults]
    colored = 0
    with forgetful() if plan.ledger is None else read_ledger(plan.ledger) as ledger:
        for source, target in plan.pictures:
            verdict = judge(source, target, ledger, rules)
            colored += verdict.kind == "color"
            if wanted.json:
                reason = verdict.reason or None
                line = json_line(
                    "plan", source=source, target=target, verdict=verdict.kind, reason=reason
                )
                typer.echo(line)
            elif verdict.kind == "color":
                typer.echo(os.fsencode(f"{source} -> {target} ({verdict.reason})"))
            if verdict.kind in ("refused", "quarantined"):
                telling.append(verdict.reason)
    for message in telling:
        tell(message)
    typer.echo(f"{colored} of {len(plan.pictures)} pictures would be colored", err=True)
    return 1 if telling else 0
