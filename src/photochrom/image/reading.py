"""Pictures in: a file or its bytes become a `Frame`."""

import os
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import pyvips

from photochrom.image.admission import (
    CHANNELS,
    HEAD_SIZE,
    MAX_PIXELS,
    admit,
    forget_complaints,
    loading_error,
    open_file,
    sniff,
)
from photochrom.image.frame import Frame, Pixels
from photochrom.image.jpeg_warnings import is_quirk
from photochrom.image.metadata import blob, metadata_of
from photochrom.image.profile import managed
from photochrom.image.turning import upright


def read(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Frame:
    """The picture in a file. What is read, and what becomes of it, is told at `decode`.

    Raises MissingFileError where there is no file, ImageError for a folder or a file that may not
    be read, and whatever `decode` raises.
    """
    with open_file(path) as file:
        data = file.read()
    return decode(data, name=os.fspath(path), max_pixels=max_pixels)


def decode(data: bytes, *, name: str = "<bytes>", max_pixels: int = MAX_PIXELS) -> Frame:
    """The picture in the bytes of a JPEG, PNG, TIFF or WebP file.

    8 and 16 bits per channel stay what they are; 1, 2 and 4 bits and palettes become 8 bits. Of
    several pages or animation frames the first is taken. The stored orientation is applied to the
    pixels. An embedded sRGB profile is kept byte for byte and the pixels are not touched; pixels
    under any other usable profile are brought to sRGB at their own depth, and the profile of the
    frame is then sRGB's. Pixels without a profile, or with one that is damaged, are taken as sRGB.

    Raises EmptyFileError, NotAnImageError, UnsupportedImageError, TooManyPixelsError (more than
    `max_pixels`) and TruncatedImageError (damaged or incomplete). `name` begins each message.
    """
    kind = sniff(data[:HEAD_SIZE], name)
    load = partial(pyvips.Operation.call, f"{kind}load_buffer", data, access="sequential")
    forget_complaints()
    try:
        image = load(fail_on="warning" if kind == "jpeg" else "error")
        admit(image, name, max_pixels)
        try:
            samples = _samples(image)  # (H, W, C + alpha)
        except pyvips.Error as error:
            if not is_quirk(error):
                raise
            samples = _samples(load(fail_on="error"))
    except pyvips.Error as error:
        raise loading_error(error, name) from None
    pixels, alpha = _split(samples, CHANNELS[image.interpretation])
    pixels, icc = managed(pixels, blob(image, "icc-profile-data"))
    return Frame(
        pixels=np.ascontiguousarray(pixels),
        alpha=alpha,
        icc=icc,
        metadata=metadata_of(image, BytesIO(data), kind),
        format=kind,
        name=name,
    )


def _samples(image: Any) -> Pixels:
    """All channels, upright: (H, W, bands)."""
    seen = upright(image)
    samples: Pixels = seen.numpy()
    return samples.reshape(seen.height, seen.width, seen.bands)


def _split(samples: Pixels, channels: int) -> tuple[Pixels, Pixels | None]:
    """Color (H, W, channels), and alpha (H, W) where there is one more."""
    if samples.shape[2] == channels:
        return samples, None
    return samples[..., :channels], np.ascontiguousarray(samples[..., channels])
