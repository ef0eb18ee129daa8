"""One picture in memory: what `reading` makes and `writing` takes."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from photochrom.errors import UnsupportedImageError

Format = Literal["jpeg", "png", "tiff", "webp"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""The file formats that are read and written."""

Pixels = npt.NDArray[Any]
"""uint8 or uint16; `Frame` checks which."""


@dataclass(frozen=True)
class Metadata:
    """What a file says about its picture, beside the pixels and the color profile."""

    exif: bytes | None = None
    """The EXIF block: `Exif\\0\\0`, then a TIFF structure. The descriptive tags of a TIFF file
    (ImageDescription, Artist, Copyright, ...) are kept here too, so one block serves every format.
    """
    iptc: bytes | None = None
    """The IPTC records, bare, without the wrapping that JPEG gives them."""
    xmp: bytes | None = None
    """The XMP packet, as the file carries it."""
    resolution: tuple[float, float] | None = None
    """Pixels per millimeter, horizontally and vertically; None where the file states none, or the
    72 dpi that EXIF prescribes for not knowing."""
    texts: tuple[tuple[str, str], ...] = ()
    """The keys and texts that PNG files carry: Title, Author, Description, ..."""
    comments: tuple[bytes, ...] = ()
    """The comments that JPEG files carry, in file order and whatever encoding; other formats have
    no place for them."""


@dataclass(frozen=True)
class Frame:
    """One picture in memory, upright, sRGB-encoded.

    Raises UnsupportedImageError for pixels of any other shape or dtype than those stated here.
    """

    pixels: Pixels
    """(H, W, C): C is 1 (grey, sRGB transfer curve) or 3 (sRGB-encoded RGB); uint8 or uint16."""
    alpha: Pixels | None = None
    """(H, W), the dtype of `pixels`: 0 is transparent; not multiplied into the pixels."""
    icc: bytes | None = None
    """The profile that the pixels obey, always some sRGB; None where the file carried none."""
    metadata: Metadata = Metadata()
    format: Format = "png"
    """The file format the picture came in, and goes out in where nothing else is asked for."""
    name: str = "<array>"
    """What messages call this picture: its path, mostly."""

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] not in (1, 3) or 0 in shape:
            raise UnsupportedImageError(
                f"{self.name}: pixels of shape {shape} are no picture; "
                "give (height, width, 1) for grey or (height, width, 3) for RGB"
            )
        if dtype not in (np.uint8, np.uint16):
            raise UnsupportedImageError(
                f"{self.name}: pixels are {dtype}; convert them to uint8 or uint16 first"
            )
        if self.alpha is not None and (self.alpha.shape, self.alpha.dtype) != (shape[:2], dtype):
            raise UnsupportedImageError(
                f"{self.name}: alpha is {self.alpha.dtype} {self.alpha.shape}; "
                f"it must be {dtype} {shape[:2]} like the pixels"
            )

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def bit_depth(self) -> int:
        """8 or 16."""
        return 8 * int(self.pixels.dtype.itemsize)

    @property
    def is_grey(self) -> bool:
        """Whether the pixels have a single channel."""
        return bool(self.pixels.shape[2] == 1)

    def with_pixels(self, pixels: Pixels) -> "Frame":
        """The same picture with other pixels, (H, W, 1 or 3), the same height, width and dtype.

        Raises UnsupportedImageError where one of them differs.
        """
        if pixels.shape[:2] != self.pixels.shape[:2] or pixels.dtype != self.pixels.dtype:
            raise UnsupportedImageError(
                f"{self.name}: new pixels are {pixels.dtype} {pixels.shape}; they must be "
                f"{self.pixels.dtype} of {self.height} rows and {self.width} columns"
            )
        return replace(self, pixels=pixels)

    def to_8_bit(self) -> "Frame":
        """The same picture in 8 bits, rounded: for JPEG, WebP and Pillow, which hold no more."""
        if self.bit_depth == 8:
            return self
        alpha = None if self.alpha is None else _rounded_to_8_bit(self.alpha)
        return replace(self, pixels=_rounded_to_8_bit(self.pixels), alpha=alpha)


def _rounded_to_8_bit(values: Pixels) -> Pixels:
    """uint16 to uint8: 65535 = 255 * 257, so both ends stay what they are."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
