"""Pictures out: a `Frame` becomes a file, whole or not at all."""

import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from photochrom.errors import ImageError, OutputExistsError, UnsupportedImageError
from photochrom.image import iptc
from photochrom.image.exif import add_to_tiff
from photochrom.image.frame import Format, Frame
from photochrom.image.png_texts import add_texts
from photochrom.image.profile import matching_profile

SUFFIXES: dict[str, Format] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
}
"""The format that each file name ending means."""

_LONGEST_SIDE: dict[Format, int] = {"jpeg": 65500, "webp": 16383}
_UNKNOWN_RESOLUTION = 72 / 25.4  # pixels per mm; what EXIF prescribes where it is not known
_BIG = (
    3_500_000_000  # bytes of pixels above which a TIFF gets 64-bit offsets, to stay clear of 4 GB
)
_KEEP_ALL, _KEEP_EXIF = 31, 1  # libvips' flags: EXIF, XMP, IPTC, ICC and other texts


def encode(frame: Frame, *, format: Format | None = None, quality: int = 95) -> bytes:
    """The picture as the bytes of a file, by default in the format it came in.

    PNG and TIFF are exact. JPEG and WebP lose according to `quality`, 1 to 100; WebP of quality
    100 is exact, and always RGB. Profile, EXIF, XMP and resolution are written in every format,
    IPTC in JPEG and TIFF. A profile of another color space than the pixels' gives way to sRGB's.

    Raises UnsupportedImageError where the format cannot hold the picture: 16 bits in JPEG or WebP,
    alpha in JPEG, too long a side. Nothing is reduced in silence.
    """
    kind = format or frame.format
    _check(frame, kind)
    image = _image(frame, kind)
    # A JPEG has its resolution in an EXIF block; elsewhere none is made where there was none.
    keep = _KEEP_ALL if frame.metadata.exif or kind == "jpeg" else _KEEP_ALL - _KEEP_EXIF
    try:
        data: bytes = pyvips.Operation.call(
            f"{kind}save_buffer", image, keep=keep, **_options(frame, kind, quality)
        )
    except pyvips.Error as error:
        raise ImageError(
            f"{frame.name}: cannot be written as {kind} ({' '.join(error.detail.split())}); "
            "choose PNG or TIFF"
        ) from None
    if kind == "tiff":
        return add_to_tiff(data, frame.metadata.exif, frame.metadata.iptc)
    return add_texts(data, frame.metadata.texts) if kind == "png" else data


def write(
    frame: Frame, path: str | os.PathLike[str], *, overwrite: bool = False, quality: int = 95
) -> None:
    """Write the picture, in the format that the ending of `path` means; see `encode`.

    The file appears under its name only when it is complete. Raises OutputExistsError where it
    exists and `overwrite` is false, UnsupportedImageError for an unknown ending, and ImageError
    where the folder is missing or closed.
    """
    target = Path(path)
    kind = SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise UnsupportedImageError(
            f"{target}: no picture format ends in {target.suffix or 'nothing'!r}; "
            f"use one of {', '.join(SUFFIXES)}"
        )
    if not overwrite and os.path.lexists(target):  # told before the work of encoding is done
        raise _exists(target)
    data = encode(frame, format=kind, quality=quality)
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(beside, "xb") as file:
            file.write(data)
        if overwrite:
            os.replace(beside, target)
        else:
            _move_to_new(beside, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        raise ImageError(
            f"{target}: cannot be written ({error.strerror}); "
            "check that its folder exists, may be written to and has space"
        ) from None
    finally:
        beside.unlink(missing_ok=True)


def _move_to_new(source: Path, target: Path) -> None:
    """Give the file a name that nobody has; FileExistsError where somebody was faster.

    A hard link appears with all its content, so a process killed here leaves nothing half-made;
    the caller removes the other name. Without hard links an empty file claims the name first.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        open(target, "xb").close()
        try:
            os.replace(source, target)
        except OSError:
            target.unlink()
            raise


def _exists(target: Path) -> OutputExistsError:
    return OutputExistsError(f"{target}: exists already; allow overwriting or choose another name")


def _check(frame: Frame, kind: Format) -> None:
    """Refuse what the format cannot hold."""
    if kind in ("jpeg", "webp") and frame.bit_depth == 16:
        raise UnsupportedImageError(
            f"{frame.name}: {kind} holds 8 bits per channel, this picture has 16; "
            "write PNG or TIFF, or reduce it to 8 bits first"
        )
    if kind == "jpeg" and frame.alpha is not None:
        raise UnsupportedImageError(
            f"{frame.name}: JPEG holds no transparency; write PNG, TIFF or WebP, "
            "or take the alpha channel away first"
        )
    longest = _LONGEST_SIDE.get(kind)
    if longest is not None and max(frame.height, frame.width) > longest:
        raise UnsupportedImageError(
            f"{frame.name}: {frame.width} x {frame.height}, {kind} holds {longest} pixels a side; "
            "write PNG or TIFF"
        )


def _image(frame: Frame, kind: Format) -> Any:
    """The frame as libvips takes it, with all that is to be written beside the pixels."""
    planes = [frame.pixels] if frame.alpha is None else [frame.pixels, frame.alpha[..., None]]
    samples = np.concatenate(planes, axis=2) if len(planes) > 1 else frame.pixels
    grey, rgb = ("b-w", "srgb") if frame.bit_depth == 8 else ("grey16", "rgb16")
    metadata = frame.metadata
    across, down = metadata.resolution or (_UNKNOWN_RESOLUTION, _UNKNOWN_RESOLUTION)
    image = pyvips.Image.new_from_array(np.ascontiguousarray(samples)).copy(
        interpretation=grey if frame.is_grey else rgb, xres=across, yres=down
    )
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    image.set_type(pyvips.GValue.gstr_type, "resolution-unit", "in")
    blobs = {
        "icc-profile-data": matching_profile(frame.icc, frame.pixels.shape[2]),
        "exif-data": metadata.exif,
        "xmp-data": metadata.xmp,
    }
    if metadata.iptc is not None and kind == "jpeg":
        blobs["iptc-data"] = iptc.wrap(metadata.iptc)
    for field, blob in blobs.items():
        if blob is not None:
            image.set_type(pyvips.GValue.blob_type, field, blob)
    return image


def _options(frame: Frame, kind: Format, quality: int) -> dict[str, Any]:
    """How libvips is to write each format."""
    if kind == "jpeg":
        # 4:4:4: halved chroma, enlarged and clipped by a viewer, would shift the luminance that
        # coloring has promised to keep.
        return {"Q": quality, "subsample_mode": "off", "optimize_coding": True}
    if kind == "webp":
        # `exact` keeps the color under full transparency, which is part of the picture.
        return {"Q": quality, "lossless": quality == 100, "smart_subsample": True, "exact": True}
    if kind == "tiff":
        big = frame.pixels.nbytes + (0 if frame.alpha is None else frame.alpha.nbytes) > _BIG
        return {"compression": "deflate", "predictor": "horizontal", "bigtiff": big}
    return {}
