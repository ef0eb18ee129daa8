"""The only floor that opens and writes pictures.

reading       file or bytes -> Frame      writing      Frame -> bytes or file
opening       file -> strips of pixels    storing      strips -> file, laid out alike
interchange   arrays and PIL <-> Frame    frame        what a picture is in memory
resize        arrays of another size      sheet        pictures side by side
admission     what is let in, and not     placing      files that appear when they are complete
profile, exif, iptc, tiff_tags            what files carry beside pixels
tiff_plain                                uncompressed TIFF, without libvips
"""

from photochrom.image.admission import MAX_PIXELS
from photochrom.image.frame import FORMATS, Format, Frame, Metadata
from photochrom.image.header import Header, Layout
from photochrom.image.interchange import from_array, from_pil, is_pil, to_pil
from photochrom.image.opening import Original
from photochrom.image.reading import decode, read
from photochrom.image.resize import Kernel, resize
from photochrom.image.saving import SUFFIXES
from photochrom.image.sheet import contact_sheet
from photochrom.image.storing import store, store_pages
from photochrom.image.writing import encode, write

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "SUFFIXES",
    "Format",
    "Frame",
    "Header",
    "Kernel",
    "Layout",
    "Metadata",
    "Original",
    "contact_sheet",
    "decode",
    "encode",
    "from_array",
    "from_pil",
    "is_pil",
    "read",
    "resize",
    "store",
    "store_pages",
    "to_pil",
    "write",
]
