"""Pictures colored side by side, until they are done or Ctrl-C says that it is enough."""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, current_thread, main_thread
from types import FrameType

from .. import image
from ..errors import ImageError, PhotochromError
from ..inference import Colorizer, Settings
from .plan import Fault, Picture

_AHEAD = 4  # pictures handed out per worker: enough that none waits, few enough for a million


@dataclass(frozen=True)
class Order:
    """How every picture is to be colored."""

    settings: Settings
    quality: int
    force: bool


Outcome = Picture | Fault
"""What became of a picture: itself if it was colored."""


def color(picture: Picture, colorizer: Colorizer, order: Order) -> None:
    """Read, color and write one picture.

    Raises:
        PhotochromError: one of the three failed; nothing is left behind.
    """
    if picture.source is None:
        frame = image.decode(sys.stdin.buffer.read(), name=picture.name)
    else:
        frame = image.read(picture.source)
    colored = colorizer.colorize(frame, order.settings).frame
    if picture.target is None:
        sys.stdout.buffer.write(image.encode(colored, quality=order.quality))
        sys.stdout.buffer.flush()
        return
    _make_folder(picture.target)
    image.write(colored, picture.target, overwrite=order.force, quality=order.quality)


def attempt(picture: Picture, work: Callable[[Picture], None]) -> Outcome:
    """Do the work, and turn whatever goes wrong into a fault of this picture alone."""
    try:
        work(picture)
    except BrokenPipeError:
        raise  # nobody reads standard output any more: no fault of the picture's
    except PhotochromError as error:
        return Fault(picture.name, str(error))
    except Exception as error:  # what we did not foresee must not cost the other pictures either
        return Fault(picture.name, f"{picture.name}: {type(error).__name__}: {error}")
    return picture


def work_through(
    pictures: Iterable[Picture],
    work: Callable[[Picture], None],
    *,
    workers: int,
    stop: Event,
    done: Callable[[], None],
) -> Iterator[Outcome]:
    """Color pictures on several threads.

    Args:
        pictures: what to color.
        work: colors one.
        workers: threads.
        stop: once it is set no further picture is begun; those in hand are finished.
        done: called after each picture, from any thread.

    Returns:
        The outcome of each picture that was begun, in the order of `pictures`.
    """

    abandoned = Event()

    def one(picture: Picture) -> Outcome | None:
        if stop.is_set() or abandoned.is_set():
            return None
        outcome = attempt(picture, work)
        done()
        return outcome

    pending: deque[Future[Outcome | None]] = deque()
    with ThreadPoolExecutor(workers) as threads:
        try:
            for picture in pictures:
                if stop.is_set():
                    break
                pending.append(threads.submit(one, picture))
                if len(pending) > _AHEAD * workers:
                    yield from _outcome(pending.popleft())
            while pending:
                yield from _outcome(pending.popleft())
        finally:
            abandoned.set()  # by a reader that has gone: the rest need not be done


@contextmanager
def ctrl_c() -> Iterator[Event]:
    """An event that the first Ctrl-C sets; the second interrupts as usual."""
    stop = Event()
    before = signal.getsignal(signal.SIGINT)

    def first(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop.set()
        # Past the buffers of sys.stderr, in the middle of whose use we may be.
        os.write(2, b"\nstopping after the pictures in hand; Ctrl-C again stops at once\n")

    # Signals are the main thread's; one that the caller ignores (nohup, a shell's &) stays so.
    ours = before is not signal.SIG_IGN and current_thread() is main_thread()
    if ours:
        signal.signal(signal.SIGINT, first)
    try:
        yield stop
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)


def _outcome(future: Future[Outcome | None]) -> Iterator[Outcome]:
    outcome = future.result()
    if outcome is not None:
        yield outcome


def _make_folder(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(
            f"{target}: its folder cannot be made ({error.strerror}); choose another --output"
        ) from None
