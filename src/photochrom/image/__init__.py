"""The only floor that opens and writes pictures."""

from photochrom.image.frame import Frame, Metadata
from photochrom.image.reading import MAX_PIXELS, decode, read

__all__ = ["MAX_PIXELS", "Frame", "Metadata", "decode", "read"]
