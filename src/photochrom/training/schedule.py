"""What changes with the step's number: the learning rate and the crop size."""

import math
from collections.abc import Sequence

from .recipe import Optimizer, Stage


def rate_factor(step: int, steps: int, settings: Optimizer) -> float:
    """The learning rate over its peak: linear warm-up, then half a cosine.

    Args:
        step: steps done, from 0.
        steps: steps in all.
        settings: warm-up length and final fraction.

    Returns:
        A factor in [0, 1]; cosine after Loshchilov and Hutter 2017, without restarts.
    """
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    progress = (step - settings.warmup_steps) / max(1, steps - settings.warmup_steps)
    cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return settings.final_fraction + (1 - settings.final_fraction) * cosine


def size_at(step: int, stages: Sequence[Stage]) -> int:
    """Crop size in pixels at a step, from 0."""
    for stage in stages:
        if step < stage.steps:
            return stage.size
        step -= stage.steps
    return stages[-1].size
