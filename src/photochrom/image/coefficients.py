"""JPEG files by their components: the luma of grey ones as codes, chroma as components of its own,
and the quantized coefficients behind both.

The only place that imports jpeglib, an extra, for the two things that libvips does not do: to read
coefficients, and to write the luma of a file in three components as a file of one.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvips

from photochrom.errors import MissingExtraError, TruncatedImageError, UnsupportedImageError
from photochrom.image.admission import (
    HEAD_SIZE,
    MAX_PIXELS,
    admit,
    loading_error,
    open_file,
    sniff,
)
from photochrom.image.jpeg_segments import Jpeg, taken_apart
from photochrom.image.jpeg_warnings import Strictness, is_quirk
from photochrom.image.turning import orientation_of

Plane = npt.NDArray[np.uint8]

_AT_ONCE = 1 << 18  # pixels that are decoded at a time: a quarter of a megabyte


@dataclass(frozen=True)
class GreyJpeg:
    """A JPEG file whose picture is grey."""

    parts: Jpeg
    """With the coding of one component."""
    name: str
    """What messages call it."""
    orientation: int
    """EXIF's, 1 to 8: how the codes are to be turned to stand upright."""

    @property
    def height(self) -> int:
        """Rows, as stored."""
        return self.parts.header.height

    @property
    def width(self) -> int:
        """Columns, as stored."""
        return self.parts.header.width

    def strips(self) -> Iterator[Plane]:
        """The codes of the luma, as stored, an even number of rows at a time `(n, width)`.

        Raises TruncatedImageError where the coded data is damaged.
        """
        data = b"".join(self.parts.bare().chunks())
        most = max(1, _AT_ONCE // (2 * self.width)) * 2
        strictness: Strictness = "warning"
        region, top = None, 0
        while top < self.height:
            rows = min(most, self.height - top)
            try:
                region = region or pyvips.Region.new(_opened(data, strictness))
                codes = region.fetch(0, top, self.width, rows)
            except pyvips.Error as error:
                if strictness == "error" or not is_quirk(error):
                    raise loading_error(error, self.name) from None
                strictness, region = "error", None
                continue
            yield np.frombuffer(codes, dtype=np.uint8).reshape(rows, self.width)
            top += rows


@dataclass(frozen=True)
class LuminanceCoefficients:
    """How the luma of two JPEG files compares, by their quantized coefficients."""

    blocks: int
    """Of 8 × 8 coefficients, that were compared."""
    differing: int
    """Coefficients that differ."""
    same_table: bool
    """Whether both are quantized alike."""

    @property
    def identical(self) -> bool:
        """Whether the luma is the same, bit for bit."""
        return self.differing == 0 and self.same_table


def grey_jpeg(path: Path, max_pixels: int = MAX_PIXELS) -> GreyJpeg:
    """A JPEG file whose picture is grey: of one component, or Y'CbCr with chroma of 0 everywhere.

    Raises ImageError: no file, no JPEG, damaged, too large, in color or a rare kind of JPEG; see
    `errors`. MissingExtraError for Y'CbCr without the extra `archive`.
    """
    name, data = str(path), _read(path)
    parts = taken_apart(data, name)
    try:
        opened = _opened(data, "error")  # of which the header is read
    except pyvips.Error as error:
        raise loading_error(error, name) from None
    admit(opened, name, max_pixels)
    if parts.header.components > 1:
        parts = parts.with_coding_of(_luma_alone(parts, name))
    return GreyJpeg(parts, name, orientation_of(opened))


def component(plane: Plane, quality: int, progressive: bool) -> Jpeg:
    """A plane of codes `(h, w)` as a grey JPEG, of quality 1 to 100."""
    pixels = pyvips.Image.new_from_memory(
        np.ascontiguousarray(plane), plane.shape[1], plane.shape[0], 1, "uchar"
    )
    data = pixels.copy(interpretation="b-w").jpegsave_buffer(
        Q=quality, interlace=progressive, optimize_coding=True, keep="none"
    )
    return taken_apart(data, "chroma")


def same_luminance(original: Path, colored: Path) -> LuminanceCoefficients:
    """Compare the luma of two JPEG files, coefficient by coefficient.

    Raises ImageError: no file, no JPEG, damaged, a rare kind of JPEG, or of two sizes; see
    `errors`. MissingExtraError without the extra `archive`.
    """
    first, second = (
        _coefficients(taken_apart(_read(path), str(path)), str(path))
        for path in (original, colored)
    )
    if (first.height, first.width) != (second.height, second.width):
        raise UnsupportedImageError(
            f"{colored}: {second.width} x {second.height}, but {original} is {first.width} x "
            f"{first.height}; give the file that was colored"
        )
    return LuminanceCoefficients(
        blocks=first.Y.shape[0] * first.Y.shape[1],
        differing=int(np.count_nonzero(first.Y != second.Y)),
        same_table=np.array_equal(first.get_component_qt(0), second.get_component_qt(0)),
    )


def _read(path: Path) -> bytes:
    """The bytes of a file that begins as a JPEG."""
    with open_file(path) as file:
        data = file.read()
    if sniff(data[:HEAD_SIZE], str(path)) != "jpeg":
        raise UnsupportedImageError(
            f"{path}: not a JPEG file; only these have coefficients that could be kept"
        )
    return data


def _opened(data: bytes, strictness: Strictness) -> Any:
    return pyvips.Image.jpegload_buffer(data, fail_on=strictness, access="sequential")


def _check_whole(data: bytes, name: str) -> None:
    """Refuse what cannot be decoded without damage."""
    try:
        _opened(data, "warning").avg()
    except pyvips.Error as error:
        if not is_quirk(error):
            raise loading_error(error, name) from None
        try:
            _opened(data, "error").avg()
        except pyvips.Error as worse:
            raise loading_error(worse, name) from None


def _luma_alone(parts: Jpeg, name: str) -> Jpeg:
    """A file of the luma alone, of one whose chroma is 0 everywhere."""
    in_color = UnsupportedImageError(
        f"{name}: a JPEG in color; only grey ones can keep their coefficients, color this one "
        "without that"
    )
    if parts.header.components != 3:
        raise in_color
    jpeg = _coefficients(parts, name)
    if jpeg.jpeg_color_space.name != "JCS_YCbCr" or jpeg.Cb.any() or jpeg.Cr.any():
        raise in_color
    alone = _jpeglib().from_dct(jpeg.Y, qt=jpeg.get_component_qt(0)[None])
    alone.height, alone.width = jpeg.height, jpeg.width
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "luma.jpg")
        alone.write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        return taken_apart(path.read_bytes(), name)


def _coefficients(parts: Jpeg, name: str) -> Any:
    """A file as jpeglib reads it.

    It reads what is damaged without a word, so libvips has to decode it first; and no more than 50
    segments, from a file whose name is text, so it is shown what matters under a name of our own.
    """
    jpeglib = _jpeglib()
    data = b"".join(parts.bare().chunks())
    _check_whole(data, name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bare.jpg")
        path.write_bytes(data)
        try:
            jpeg = jpeglib.read_dct(str(path))
            jpeg.load()
        except OSError as error:
            raise TruncatedImageError(
                f"{name}: damaged or incomplete (libjpeg 6b cannot read its coefficients); "
                "copy it again from its source"
            ) from error
    return jpeg


def _jpeglib() -> Any:
    try:
        import jpeglib
    except ImportError:
        raise MissingExtraError(
            "jpeglib is not installed; reading the coefficients of a JPEG file needs it: "
            "pip install 'photochrom[archive]'"
        ) from None
    return jpeglib
