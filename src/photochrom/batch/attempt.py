"""One picture colored, and whatever goes wrong with it said as a report."""

import time

from ..archive import Order, color_file
from ..errors import PhotochromError
from ..inference import Colorizer
from .full import is_full
from .task import Colored, Died, Failed, Report, Task, Version, stamp_of


def attempt(task: Task, colorizer: Colorizer, order: Order, threads: int) -> Report:
    """Color one picture; see `color_file`. Raises nothing that is the picture's affair."""
    begin = time.monotonic()
    before = stamp_of(task.source)
    try:
        receipt = color_file(
            task.source,
            task.target,
            colorizer,
            order,
            overwrite=task.overwrite,
            threads=threads,
        )
        result_sha256 = receipt.result_sha256
    except PhotochromError as error:
        return Failed(task, str(error), is_full(error))
    except OSError as error:
        name = error.filename or task.target
        reason = f"{name}: {error.strerror}; check the path, its rights and the space"
        return Failed(task, reason, is_full(error))
    except MemoryError:
        return Died(task, "there was not enough memory")
    except Exception as error:  # what we did not foresee must not cost the other pictures either
        return Failed(task, f"{task.source}: {type(error).__name__}: {error}", is_full(error))
    result = stamp_of(task.target)
    if before is None or result is None or stamp_of(task.source) != before:
        return Failed(task, f"{task.source}: was changed while it was colored; color it again")
    return Colored(
        task,
        Version(before, receipt.source_sha256),
        Version(result, result_sha256),
        time.monotonic() - begin,
        receipt.notes,
        receipt.beside,
    )
