"""The grey picture taken out of a colored one again: code by code what it was.

Coloring gives each pixel codes whose luminance is nearest to the grey code that it came from
(`color.brush`), so the way back is a rounding.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import local

import numpy as np

from ..color.brush import Brush
from ..color.tones import tables
from ..errors import UnsupportedImageError
from ..image import SUFFIXES, Header, Original, store, store_pages
from ..image.frame import Pixels
from ..image.icc import grey_counterpart, profile_space
from ..image.placing import placed
from .luma import jpeg_with_own_luma, uncolored
from .painted import painted_encoding
from .xmp_proof import unstamped

_AT_ONCE = 1 << 15  # pixels that a brush reads at once: its arrays fit a core's cache
_STRIP = 1 << 18
_COLORED, _GREY = ".color", ".grey"

Watch = Callable[[int], None]
"""Is told of pixels as they are done."""


def uncolored_name(colored: Path) -> Path:
    """Where the grey picture of a file goes: `photo.grey.tif` for `photo.color.tif`.

    In the format of the file where that loses nothing, else TIFF: JPEG and WebP would code the
    pixels anew, unless the luma of a JPEG can be taken over as it is coded.
    """
    kind = SUFFIXES.get(colored.suffix.lower())
    keeps = kind in ("png", "tiff") or (kind == "jpeg" and jpeg_with_own_luma(colored) is not None)
    suffix = colored.suffix if keeps else ".tif"
    return colored.with_name(f"{colored.stem.removesuffix(_COLORED)}{_GREY}{suffix}")


def uncolor_file(
    source: Path,
    target: Path,
    *,
    overwrite: bool = False,
    watch: Watch = lambda pixels: None,
) -> None:
    """Write the grey picture that is in a colored one, every page of a TIFF into a TIFF.

    Size, bit depth, transparency, resolution, metadata and the way of storing are the colored
    file's; the profile is the grey one that it was colored under, and what coloring has said of
    itself is gone. Of a JPEG whose luma is coded apart, a JPEG with the same luma, bit for bit.

    Args:
        source: never changed.
        target: the format is what its ending means; it appears when it is complete.
        overwrite: replace the target if it exists.
        watch: see there.

    Raises:
        ImageError: the picture cannot be read or is grey already, or the result not be written;
            see `errors`.
    """
    kind = SUFFIXES.get(target.suffix.lower())
    with ExitStack() as stack:
        first = stack.enter_context(Original(source))
        if first.header.channels == 1:
            raise UnsupportedImageError(f"{source}: is grey already; give a file in color")
        parts = jpeg_with_own_luma(source) if kind == first.header.format == "jpeg" else None
        if parts is not None:
            with placed(target, overwrite=overwrite) as file:
                file.writelines(uncolored(parts).chunks())
            return
        if kind == "tiff" and first.header.pages > 1:
            numbers = range(1, first.header.pages)
            rest = [stack.enter_context(Original(source, page=n)) for n in numbers]
            pages = [(_grey(page.header), _strips(page, watch)) for page in (first, *rest)]
            store_pages(target, pages, overwrite=overwrite)
            return
        store(target, _grey(first.header), _strips(first, watch), overwrite=overwrite)


def _grey(header: Header) -> Header:
    """The header of the grey picture."""
    icc = header.icc
    if icc is not None and profile_space(icc) == "rgb":
        icc = grey_counterpart(icc)
    metadata = replace(header.metadata, xmp=unstamped(header.metadata.xmp))
    return replace(header, channels=1, icc=icc, metadata=metadata)


def _strips(page: Original, watch: Watch) -> Iterator[Pixels]:
    """The grey pixels, alpha included, top to bottom."""
    header = page.header
    encoding = tables(painted_encoding(header), header.bit_depth)
    own = local()

    def grey(strip: Pixels) -> Pixels:
        if not hasattr(own, "brush"):
            own.brush = Brush(encoding, encoding, _AT_ONCE)
        return _greys(strip, own.brush, header)

    pending: deque[Future[Pixels]] = deque()
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for strip in page.strips(max(1, _STRIP // header.width)):
            pending.append(pool.submit(grey, strip))
            if len(pending) > workers:
                yield _told(pending.popleft().result(), watch)
        while pending:
            yield _told(pending.popleft().result(), watch)


def _told(strip: Pixels, watch: Watch) -> Pixels:
    watch(strip.shape[0] * strip.shape[1])
    return strip


def _greys(strip: Pixels, brush: Brush, header: Header) -> Pixels:
    """A strip `(n, width, samples)` of grey or of colors as grey codes, with its alpha."""
    samples = header.samples - (header.channels - 1)
    found = np.empty((*strip.shape[:2], samples), dtype=strip.dtype)
    if header.has_alpha:
        found[..., 1] = strip[..., -1]
    codes = strip.reshape(-1, strip.shape[2])[:, : header.channels]
    flat = found.reshape(-1, samples)[:, 0]
    greys = np.empty(_AT_ONCE, dtype=np.float32)
    for begin in range(0, len(codes), _AT_ONCE):
        part = codes[begin : begin + _AT_ONCE]
        brush.greys(part, greys[: len(part)])
        flat[begin : begin + _AT_ONCE] = np.rint(greys[: len(part)])
    return found
