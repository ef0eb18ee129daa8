"""Pictures in, strip by strip: a file of any size through little memory.

`reading` takes a picture whole and brings it to sRGB; here its codes stay in what they are in,
where that can be said by a curve and three primaries.
"""

import math
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import pyvips

from photochrom.color import SRGB
from photochrom.errors import ImageError
from photochrom.image.admission import (
    CHANNELS,
    DEPTHS,
    HEAD_SIZE,
    MAX_PIXELS,
    admit,
    loading_error,
    open_file,
    sniff,
)
from photochrom.image.frame import Frame, Pixels
from photochrom.image.header import Header
from photochrom.image.icc import profile_space
from photochrom.image.metadata import blob, layout_of, metadata_of
from photochrom.image.profile import encoding_of, managed
from photochrom.image.resize import resize

_SHRINKS = (8, 4, 2, 1)  # by which libjpeg decodes smaller at once
_IN_MEMORY = 100_000_000  # bytes of a turned picture above which it waits in a temporary file
_GATHERED = 1 << 20  # bytes of a reduced picture that are made at once


class Original:
    """A picture file, opened: its header, a small copy, and its pixels strip by strip.

    Nothing stays open between calls but, for pictures that were stored turned, a temporary file;
    `with` sees to its end. Strips and small copies may be taken at the same time.
    """

    header: Header
    """What is known before anything is decoded."""

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes,
        *,
        page: int = 0,
        max_pixels: int = MAX_PIXELS,
        name: str | None = None,
    ) -> None:
        """Open a JPEG, PNG, TIFF or WebP file, or the bytes of one.

        Args:
            source: where it is, or what it has.
            page: of a TIFF file of several, counted from 0.
            max_pixels: more than these are refused.
            name: begins each message; by default the path.

        Raises:
            MissingFileError, EmptyFileError, NotAnImageError, UnsupportedImageError,
            TooManyPixelsError, TruncatedImageError (its header is damaged), ImageError (it may
            not be read, or has no such page).
        """
        self._source = source if isinstance(source, bytes) else Path(source)
        self._name = name or ("<bytes>" if isinstance(source, bytes) else os.fspath(source))
        self._page = page
        self._turned: Any = None
        with self._file() as file:
            self._stamp = _stamp(file)
            self._kind = sniff(file.read(HEAD_SIZE), self._name)
            image = self._load()
            admit(image, self._name, max_pixels)
            self._profile = blob(image, "icc-profile-data")
            self.header = self._header(image, file)

    def __enter__(self) -> "Original":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._turned = None

    def strips(self, rows: int) -> Iterator[Pixels]:
        """The pixels, upright, top to bottom, in the codes of the header's encoding.

        Each strip is (n, width, samples), contiguous, n being `rows` but for the last. Each call
        reads the file anew.

        Raises:
            TruncatedImageError: what comes next is damaged or missing.
            ImageError: the file is gone, or was changed.
        """
        try:
            image = self._upright()
            for top in range(0, image.height, rows):
                yield self._obeying(_rows(image, top, min(rows, image.height - top)))
        except pyvips.Error as error:
            raise loading_error(error, self._name) from None

    def thumbnail(self, area: int) -> Frame:
        """A small copy, upright, sRGB-encoded, antialiased, in the depth of the original.

        It has at least `area` pixels, and hardly more; the whole picture where that has fewer.
        Raises what `strips` raises.
        """
        header = self.header
        scale = min(1.0, math.sqrt(area / (header.height * header.width)))
        height, width = math.ceil(header.height * scale), math.ceil(header.width * scale)
        try:
            image = self._load(**self._on_load(area))
            factor = int(min(image.width * image.height / (height * width), 1e12) ** 0.5 / 2)
            if factor > 1:
                image = image.shrink(factor, factor, ceil=True)
            samples = _turned(_gathered(image), _orientation(image))
        except pyvips.Error as error:
            raise loading_error(error, self._name) from None
        colors = CHANNELS[image.interpretation]
        samples = resize(samples, height, width)
        pixels, icc = managed(np.ascontiguousarray(samples[..., :colors]), self._profile)
        return Frame(
            pixels=np.ascontiguousarray(pixels),
            alpha=np.ascontiguousarray(samples[..., -1]) if header.has_alpha else None,
            icc=icc,
            metadata=header.metadata,
            format=header.format,
            name=self._name,
        )

    def _file(self) -> BinaryIO:
        return BytesIO(self._source) if isinstance(self._source, bytes) else open_file(self._source)

    def _load(self, **options: Any) -> Any:
        """The picture as libvips opens it, to be read from top to bottom."""
        options |= {"access": "sequential", "fail_on": "error"}
        if self._kind == "tiff":
            options["page"] = self._page
        try:
            if isinstance(self._source, bytes):
                return pyvips.Operation.call(f"{self._kind}load_buffer", self._source, **options)
            with open_file(self._source) as file:
                if _stamp(file) != self._stamp:
                    raise ImageError(f"{self._name}: was changed while it was read; try again")
                source = pyvips.Source.new_from_descriptor(file.fileno())
            return pyvips.Operation.call(f"{self._kind}load_source", source, **options)
        except pyvips.Error as error:
            if "bad page number" in str(error.detail):
                raise ImageError(
                    f"{self._name}: has no page {self._page + 1}; choose one that it has"
                ) from None
            raise loading_error(error, self._name) from None

    def _header(self, image: Any, file: BinaryIO) -> Header:
        colors = CHANNELS[image.interpretation]
        encoding, icc = encoding_of(self._profile, colors), self._profile
        self._converts = encoding is None
        if encoding is None:
            probe = np.zeros((1, 1, colors), np.uint8 if DEPTHS[image.format] == 8 else np.uint16)
            encoding, icc = SRGB, managed(probe, self._profile)[1]
        elif icc is not None and not _fits(icc, colors):
            icc = None
        turned = _orientation(image) >= 5
        return Header(
            height=image.width if turned else image.height,
            width=image.height if turned else image.width,
            channels=min(colors, 3),
            has_alpha=image.bands > colors,
            bit_depth=DEPTHS[image.format],
            encoding=encoding,
            icc=icc,
            metadata=metadata_of(image, file, self._kind, self._page),
            format=self._kind,
            pages=image.get("n-pages") if self._kind == "tiff" else 1,
            layout=layout_of(file, self._kind, self._page),
            name=self._name,
        )

    def _on_load(self, area: int) -> dict[str, Any]:
        """How the decoder itself makes the picture smaller, by whole factors or any."""
        height, width = self.header.height, self.header.width
        if self._kind == "jpeg":
            return {"shrink": next(s for s in _SHRINKS if _shrunk_area(height, width, s, area))}
        if self._kind == "webp":
            return {"scale": min(1.0, 2 * math.sqrt(area / (height * width)))}
        return {}

    def _upright(self) -> Any:
        """The picture, to be read from top to bottom."""
        if self._turned is not None:
            return self._turned
        image = self._load()
        if _orientation(image) <= 2:  # upright, or mirrored row by row
            return image.autorot()
        if image.height * image.width * image.bands * DEPTHS[image.format] // 8 <= _IN_MEMORY:
            whole = image.copy_memory()
        else:
            whole = pyvips.Image.new_temp_file("%s.v")
            image.write(whole)
        self._turned = whole.autorot()
        return self._turned

    def _obeying(self, samples: Pixels) -> Pixels:
        """Samples (n, W, bands) as the header's encoding has them."""
        if not self._converts:
            return samples
        colors = samples.shape[2] - self.header.has_alpha
        pixels, _ = managed(np.ascontiguousarray(samples[..., :colors]), self._profile)
        parts = [pixels, samples[..., colors:]]
        return np.concatenate(parts, axis=2) if self.header.has_alpha else pixels


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    """What tells an open file from another, or from itself once it was written to."""
    if isinstance(file, BytesIO):
        return ()
    state = os.fstat(file.fileno())
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)


def _fits(icc: bytes, colors: int) -> bool:
    """Whether a profile was made for pictures like this."""
    return profile_space(icc) in (("grey", "rgb") if colors == 1 else ("rgb",))


def _orientation(image: Any) -> int:
    """How the picture was stored, 1 to 8; 1 is upright."""
    found = int(image.get("orientation")) if image.get_typeof("orientation") else 1
    return found if 1 <= found <= 8 else 1


def _shrunk_area(height: int, width: int, shrink: int, area: int) -> bool:
    """Whether enough is left when libjpeg shrinks a picture so."""
    return shrink == 1 or (height // shrink) * (width // shrink) >= area


def _rows(image: Any, top: int, count: int) -> Pixels:
    """Some rows of a picture: (count, W, bands).

    Each time by another region, for they belong to the thread that made them, and `store` asks
    from several.
    """
    data = pyvips.Region.new(image).fetch(0, top, image.width, count)
    dtype = np.uint8 if image.format == "uchar" else np.uint16
    return np.frombuffer(data, dtype).reshape(count, image.width, image.bands)


def _gathered(image: Any) -> Pixels:
    """All rows of a small picture, in this thread alone: several would hold much of a large one."""
    rows = max(1, _GATHERED // (image.width * image.bands * 2))
    tops = range(0, image.height, rows)
    return np.concatenate([_rows(image, top, min(rows, image.height - top)) for top in tops])


def _turned(samples: Pixels, orientation: int) -> Pixels:
    """A small picture, upright."""
    if orientation == 1:
        return samples
    image = pyvips.Image.new_from_array(samples)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    upright = image.autorot()
    return np.asarray(upright.numpy()).reshape(upright.height, upright.width, -1)
