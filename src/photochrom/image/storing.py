"""Pictures out, strip by strip: a file of any size through little memory, whole or not at all."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import pyvips

from photochrom.errors import ImageError
from photochrom.image.carrier import carried
from photochrom.image.exif import to_tags
from photochrom.image.frame import Format, Pixels
from photochrom.image.header import Header
from photochrom.image.placing import lack_of_space, placed, unwritable
from photochrom.image.png_texts import HEADER_SIZE, packed_texts
from photochrom.image.saving import check, dressed, format_of, options
from photochrom.image.tiff_appending import append
from photochrom.image.tiff_tags import Tiff


def store(
    target: Path,
    output: Header,
    strips: Iterable[Pixels],
    *,
    quality: int = 95,
    overwrite: bool = False,
) -> None:
    """Write a picture strip by strip, in the format that the ending of `target` means.

    Args:
        target: the file, which appears under its name only when it is complete and on the disk.
        output: what the picture is. TIFF is stored as its layout says, PNG interlaced where it
            says so; see `encode` for what each format keeps.
        strips: (n, width, samples) each, any n >= 1, contiguous, top to bottom. They are asked
            for in another thread, one after the other. A generator is closed in any case.
        quality: of JPEG and WebP, 1 to 100.
        overwrite: whether a file at `target` may be replaced.

    Raises:
        UnsupportedImageError: the format cannot hold the picture; nothing was read of `strips`.
        OutputExistsError: `target` exists and `overwrite` is false.
        ImageError: it cannot be written; an OSError is the cause where the system said no.
        ValueError: `strips` are not what `output` says.
        Whatever `strips` raises. Nothing is left at or beside `target` after any of them.
    """
    target = Path(target)
    kind = format_of(target)
    check(output, kind)
    with placed(target, overwrite=overwrite) as file:
        texts = packed_texts(output.metadata.texts) if kind == "png" else b""
        file.seek(len(texts))
        _save(file, target, output, kind, strips, quality)
        if texts:
            _insert_texts(file, texts)
        if kind == "tiff":
            _add_tags(file, output)


def _save(
    file: BinaryIO,
    target: Path,
    output: Header,
    kind: Format,
    strips: Iterable[Pixels],
    quality: int,
) -> None:
    """Let libvips write to the file, from where it stands."""
    try:
        with carried(output, strips) as image:
            pyvips.Operation.call(
                f"{kind}save_target",
                dressed(image, output, kind),
                pyvips.Target.new_to_descriptor(file.fileno()),
                **options(output, kind, quality),
            )
    except pyvips.Error as error:
        raise _fault(error, target, kind) from lack_of_space(str(error.detail))


def _fault(error: pyvips.Error, target: Path, kind: Format) -> ImageError:
    """What a failure of libvips means to the user."""
    detail = " ".join(str(error.detail).split())
    full = lack_of_space(detail)
    if full is not None:
        return unwritable(target, full)
    return ImageError(f"{target}: cannot be written as {kind} ({detail}); choose PNG or TIFF")


def _insert_texts(file: BinaryIO, texts: bytes) -> None:
    """Put texts into the gap before a PNG file, whose header moves before them."""
    file.seek(len(texts))
    header = file.read(HEADER_SIZE)
    file.seek(0)
    file.write(header + texts)


def _add_tags(file: BinaryIO, output: Header) -> None:
    """Give a TIFF file the descriptive tags that libvips does not write."""
    tags = to_tags(output.metadata.exif, output.metadata.iptc)
    tiff = Tiff.begin(file)
    if tags and tiff is not None:
        append(tiff, tags, tiff.root)
