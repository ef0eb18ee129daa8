"""What changes with the step's number: the learning rate and the crop size."""

import math
from collections.abc import Sequence

from .settings import Schedule, Stage


def rate_factor(step: int, steps: int, schedule: Schedule, losses: Sequence[float]) -> float:
    """The learning rate over its peak: linear warm-up, then as the schedule says.

    Args:
        step: steps done, from 0.
        steps: steps in all.
        schedule: its settings.
        losses: validation losses of the checkpoints so far; `plateau` looks at them.

    Returns:
        A factor in [0, 1]; cosine after Loshchilov and Hutter 2017, without restarts.
    """
    if step < schedule.warmup_steps:
        return (step + 1) / schedule.warmup_steps
    if schedule.name == "constant":
        return 1.0
    if schedule.name == "plateau":
        return max(schedule.final_fraction, schedule.drop ** plateaus(losses, schedule.patience))
    progress = (step - schedule.warmup_steps) / max(1, steps - schedule.warmup_steps)
    cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return schedule.final_fraction + (1 - schedule.final_fraction) * cosine


def plateaus(losses: Sequence[float], patience: int) -> int:
    """How often the losses stood still: more than `patience` in a row not below the best.

    After each time the count begins anew; the best stays.
    """
    best, waited, found = math.inf, 0, 0
    for loss in losses:
        if loss < best:
            best, waited = loss, 0
            continue
        waited += 1
        if waited > patience:
            found, waited = found + 1, 0
    return found


def size_at(step: int, stages: Sequence[Stage]) -> int:
    """Crop size in pixels at a step, from 0."""
    for stage in stages:
        if step < stage.steps:
            return stage.size
        step -= stage.steps
    return stages[-1].size
