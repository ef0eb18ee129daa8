"""Whether the disk is full: no fault of a picture's, and a reason to stop."""

import errno
import os
from collections.abc import Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: BaseException) -> bool:
    """Whether an error comes of a full disk, or of a quota, however deep below."""
    words = [os.strerror(number) for number in _FULL]
    return any(
        getattr(one, "errno", None) in _FULL or any(word in str(one) for word in words)
        for one in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
