"""What is to be done about a picture: from its files and from what the ledger says of them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..api import refuse_overwriting
from ..archive.sidecar import sha256_of
from ..errors import OutputExistsError
from .ledger import Entry, Ledger
from .task import Task, Version, stamp_of


@dataclass(frozen=True)
class Rules:
    """What a job may do, and with what it colors."""

    identity: str
    """Of the order and the weights; results of another are made anew."""
    force: bool = False
    """Whether files that the ledger does not know may be replaced."""
    retry: bool = False
    """Whether what is quarantined is tried again."""


@dataclass(frozen=True)
class Verdict:
    """What is to be done about one picture."""

    kind: Literal["color", "current", "quarantined", "refused"]
    task: Task
    reason: str
    """Why it is to be colored, or why not."""
    refreshed: tuple[Version, Version] | None = None
    """Source and result, where they are current and their times were not those of the ledger."""
    keeps: bool = False
    """Whether somebody has changed the result: their version is to be set aside first."""


def judge(source: Path, target: Path, ledger: Ledger, rules: Rules) -> Verdict:
    """Decide about one picture. Looks at files only; hashes where times have changed."""
    entry = ledger.entry(target)
    if entry is not None and entry.state == "claimed":
        return Verdict("color", Task(source, target, overwrite=True), "was interrupted")
    now = _unchanged(source, entry.source, entry.source_version) if entry else None
    result = _unchanged(target, target, entry.result) if entry else None
    reason = _reason(entry, rules, now, result)
    if entry is None or reason:
        changed = entry is not None and entry.result is not None and result is None
        return _to_color(source, target, rules, reason, ours=result is not None, changed=changed)
    task = Task(source, target)
    if entry.state == "quarantined":
        return Verdict("quarantined", task, entry.reason)
    if now is None or result is None:  # there would have been a reason
        raise AssertionError("current, and yet not there")
    known = entry.source_version, entry.result
    fresh = (now, result) == known and os.path.abspath(source) == str(entry.source)
    return Verdict("current", task, "", None if fresh else (now, result))


def _reason(
    entry: Entry | None, rules: Rules, source: Version | None, result: Version | None
) -> str:
    """Why a picture is to be colored; empty if it is not."""
    if entry is None:
        return "is new"
    if entry.identity != rules.identity:
        return "was made by other parameters or weights"
    if source is None:
        return "its source has changed"
    if entry.state == "failed":
        return "failed before"
    if entry.state == "quarantined":
        return "is tried again" if rules.retry else ""
    return "" if result is not None else "its result is missing or has changed"


def _to_color(
    source: Path, target: Path, rules: Rules, reason: str, *, ours: bool, changed: bool
) -> Verdict:
    """What stands at the target is replaced if it is ours, kept if it was, and else refused."""
    if ours or rules.force or not os.path.lexists(target):
        return Verdict("color", Task(source, target, overwrite=ours or rules.force), reason)
    if changed:
        return Verdict("color", Task(source, target), reason, keeps=True)
    try:
        refuse_overwriting(source, target, overwrite=False)
    except OutputExistsError as error:
        return Verdict("refused", Task(source, target), str(error))
    return Verdict("color", Task(source, target), reason)  # it has gone in the meantime


def _unchanged(path: Path, known_path: Path, known: Version | None) -> Version | None:
    """The known version under its stamp of today, if the file still holds it."""
    stamp = stamp_of(path)
    if stamp is None or known is None:
        return None
    if stamp == known.stamp and os.path.abspath(path) == os.path.abspath(known_path):
        return known
    if stamp.size != known.stamp.size or not known.sha256:
        return None
    try:
        return Version(stamp, known.sha256) if sha256_of(path) == known.sha256 else None
    except OSError:
        return None
