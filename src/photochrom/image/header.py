"""What is known of a picture file before its pixels are."""

from dataclasses import dataclass, field
from typing import Literal

from photochrom.color import Encoding
from photochrom.image.frame import Format, Metadata

Compression = Literal["none", "lzw", "deflate", "packbits"]
"""How a TIFF file is compressed without loss."""


@dataclass(frozen=True)
class Layout:
    """How a file stores its pixels, so that another can be stored alike."""

    compression: Compression = "deflate"
    """Of TIFF. A file whose own compression loses, or holds 1 bit only, says deflate."""
    differences: bool = True
    """Of TIFF: whether pixels are stored as differences to their left neighbors (predictor 2)."""
    tile: tuple[int, int] | None = None
    """Of TIFF: width and height of its tiles; None where it is stored in strips."""
    bigtiff: bool = False
    """Of TIFF: offsets of 64 bits."""
    interlaced: bool = False
    """Of PNG: Adam7."""


@dataclass(frozen=True)
class Header:
    """A picture file without its pixels: of one that was opened, or of one to be stored."""

    height: int
    """Rows of the upright picture."""
    width: int
    """Columns of the upright picture."""
    channels: int
    """1 (grey) or 3 (RGB), beside an alpha channel."""
    has_alpha: bool
    """Whether one more channel follows: 0 is transparent; not multiplied into the others."""
    bit_depth: int
    """8 or 16."""
    encoding: Encoding
    """What the codes of the color channels mean."""
    icc: bytes | None = None
    """The profile that the codes obey; None where the file carried none."""
    metadata: Metadata = field(default_factory=Metadata)
    format: Format = "png"
    """The file format the picture came in."""
    pages: int = 1
    """How many pictures the file holds; more than 1 in TIFF only."""
    layout: Layout = Layout()
    name: str = "<array>"
    """What messages call this picture: its path, mostly."""

    @property
    def samples(self) -> int:
        """Values that each pixel has, alpha included."""
        return self.channels + self.has_alpha

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of pixels."""
        return self.width * self.samples * self.bit_depth // 8
