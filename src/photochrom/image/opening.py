"""Pictures in, strip by strip: a file of any size through little memory.

`reading` takes a picture whole and brings it to sRGB; here its codes stay in what they are in,
where that can be said by a curve and three primaries.
"""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyvips

from photochrom.color import SRGB
from photochrom.errors import ImageError, TruncatedImageError
from photochrom.image.admission import (
    CHANNELS,
    DEPTHS,
    HEAD_SIZE,
    MAX_PIXELS,
    admit,
    loading_error,
    sniff,
)
from photochrom.image.conversion import converted, fits
from photochrom.image.frame import Format, Frame, Pixels
from photochrom.image.header import Header
from photochrom.image.jpeg_warnings import Strictness, is_quirk
from photochrom.image.metadata import blob, layout_of, metadata_of, page_of
from photochrom.image.placing import refusal
from photochrom.image.profile import encoding_of, managed
from photochrom.image.reducing import box_means, box_side, smaller_on_load
from photochrom.image.resize import resize
from photochrom.image.source import Source
from photochrom.image.tiff_plain import PlainTiff, plain_tiff
from photochrom.image.tiff_tags import Tiff
from photochrom.image.turning import (
    MIRRORED,
    ON_ITS_SIDE,
    UPRIGHT,
    orientation_of,
    rows_of,
    rows_of_columns,
    turned,
    upright,
)

_PIECE = 1 << 22  # bytes of pixels that are reduced at once

Take: TypeAlias = Callable[[int, int], Pixels]
"""From the first row wanted and their number to rows (n, W, bands)."""


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
        self._source = Source(source, name)
        self._page = page
        self._turned: Take | None = None
        self._converts = False
        with self._told(), self._source.same() as file:
            self._kind = sniff(file.read(HEAD_SIZE), self._source.name)
            self._strictness: Strictness = "warning" if self._kind == "jpeg" else "error"
            image = self._load()
            admit(image, self._source.name, max_pixels)
            self._orientation = orientation_of(image)
            self._profile = blob(image, "icc-profile-data")
            self._plain = _plain(file, image, self._kind, page)
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
        with self._told(), self._meant() as take:
            for top in range(0, self.header.height, rows):
                yield take(top, min(rows, self.header.height - top))

    def thumbnail(self, area: int) -> Frame:
        """A small copy, upright, sRGB-encoded, antialiased, in the depth of the original.

        It has at least `area` pixels, and hardly more; the whole picture where that has fewer.
        Raises what `strips` raises.
        """
        header = self.header
        scale = min(1.0, math.sqrt(area / (header.height * header.width)))
        height, width = math.ceil(header.height * scale), math.ceil(header.width * scale)
        with self._told():
            samples = self._reduced(height * width)
        samples = resize(turned(samples, self._orientation), height, width)
        colors = samples.shape[2] - header.has_alpha
        pixels, icc = managed(np.ascontiguousarray(samples[..., :colors]), self._profile)
        return Frame(
            pixels=np.ascontiguousarray(pixels),
            alpha=np.ascontiguousarray(samples[..., -1]) if header.has_alpha else None,
            icc=icc,
            metadata=header.metadata,
            format=header.format,
            name=self._source.name,
        )

    def _reduced(self, area: int) -> Pixels:
        """The picture as it is stored, smaller, with `area` pixels at least.

        What the decoder leaves is averaged piece by piece: of several rows of boxes each.
        """
        options = smaller_on_load(self._kind, self.header.height, self.header.width, area)
        image = self._load(**options)
        side = box_side(image.height, image.width, area)
        with self._stored(**options) as take:
            rows = side * max(1, _PIECE // (side * image.width * image.bands * 2))
            tops = range(0, image.height, rows)
            pieces = (take(top, min(rows, image.height - top)) for top in tops)
            return np.concatenate([box_means(piece, side) for piece in pieces])

    def _load(self, **options: Any) -> Any:
        """The picture as libvips opens it, to be read from top to bottom."""
        options["fail_on"] = self._strictness
        if self._kind == "tiff":
            options["page"] = self._page
        return self._source.load(self._kind, **options)

    def _header(self, image: Any, file: BinaryIO) -> Header:
        colors = CHANNELS[image.interpretation]
        encoding, icc = encoding_of(self._profile, colors), self._profile
        if encoding is None:
            probe = np.zeros((1, 1, colors), np.uint8 if DEPTHS[image.format] == 8 else np.uint16)
            encoding, icc = SRGB, managed(probe, self._profile)[1]
            self._converts = icc not in (None, self._profile)
        elif icc is not None and not fits(icc, colors):
            icc = None
        on_its_side = self._orientation >= ON_ITS_SIDE
        return Header(
            height=image.width if on_its_side else image.height,
            width=image.height if on_its_side else image.width,
            channels=min(colors, 3),
            has_alpha=image.bands > colors,
            bit_depth=DEPTHS[image.format],
            encoding=encoding,
            icc=icc,
            metadata=metadata_of(image, file, self._kind, self._page),
            format=self._kind,
            pages=image.get("n-pages") if self._kind == "tiff" else 1,
            layout=layout_of(file, self._kind, self._page),
            name=self._source.name,
        )

    @contextmanager
    def _stored(self, **options: Any) -> Iterator[Take]:
        """Give what takes rows, in order, of the picture and in the codes that are stored."""
        if self._plain is None:
            yield self._decoding(lambda image: image, **options)
        else:
            with self._source.same() as file:
                yield partial(self._plain.read, file)

    @contextmanager
    def _meant(self) -> Iterator[Take]:
        """Give what takes rows, in order, of the upright picture in the header's encoding."""
        if self._orientation == UPRIGHT and not self._converts:
            with self._stored() as take:
                yield take
        elif self._orientation <= MIRRORED:
            yield self._decoding(self._as_meant)
        else:
            self._turned = self._turned or self._decoding(self._as_meant)
            yield self._turned

    def _as_meant(self, image: Any) -> Any:
        return upright(converted(image, self._profile) if self._converts else image)

    def _decoding(self, change: Callable[[Any], Any], **options: Any) -> Take:
        """What takes rows of the picture that `change` makes of the stored one.

        It begins anew, and less strictly, where nothing but a quirk is in the way.
        """
        image: Any = None
        is_turned = change == self._as_meant and self._orientation >= ON_ITS_SIDE
        rows = rows_of_columns if is_turned else rows_of

        def take(top: int, count: int) -> Pixels:
            nonlocal image
            try:
                if image is None:
                    image = change(self._load(**options))
                return rows(image, top, count)
            except pyvips.Error as error:
                if self._strictness == "error" or not is_quirk(error):
                    raise
            self._strictness = "error"
            image = change(self._load(**options))
            return rows(image, top, count)

        return take

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what a failure to decode means to the user."""
        try:
            yield
        except pyvips.Error as error:
            if "does not contain page" in str(error.detail):
                raise ImageError(
                    f"{self._source.name}: has no page {self._page + 1}; choose one that it has"
                ) from None
            refused = refusal(str(error.detail))
            if refused is not None:  # of a temporary file, it may be
                raise self._unread(refused) from refused
            raise loading_error(error, self._source.name) from None
        except OSError as error:
            raise self._unread(error) from error
        except EOFError as error:
            raise TruncatedImageError(
                f"{self._source.name}: {error}; copy it again from its source"
            ) from None

    def _unread(self, error: OSError) -> ImageError:
        return ImageError(
            f"{self._source.name}: cannot be read ({error.strerror}); "
            "check its disk, and the space for temporary files"
        )


def _plain(file: BinaryIO, image: Any, kind: Format, page: int) -> PlainTiff | None:
    """How to do without libvips, for a file that is as plain as that; None for all others."""
    structure = Tiff.begin(file) if kind == "tiff" else None
    at = None if structure is None else page_of(structure, page)
    found = None if structure is None or at is None else plain_tiff(structure, at)
    shape = (image.height, image.width, image.bands)
    return found if found is not None and found.shape == shape else None
