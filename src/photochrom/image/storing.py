"""Pictures out, strip by strip: a file of any size through little memory, whole or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyvips

from photochrom.errors import ImageError, UnsupportedImageError
from photochrom.image.carrier import carried
from photochrom.image.frame import Format, Pixels
from photochrom.image.header import Header
from photochrom.image.placing import placed, refusal
from photochrom.image.png_texts import HEADER_SIZE, packed_texts
from photochrom.image.saving import check, dressed, format_of, options
from photochrom.image.tiff_storing import store_tiff


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
        strips: (n, width, samples) each, any n, top to bottom. They are asked for one after the
            other, in other threads, and may not be changed once they were given: while the next
            is made, they are on their way. A generator is closed in any case.
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
    with placed(target, overwrite=overwrite) as file, _told(target, kind):
        if kind == "tiff":
            store_tiff(file, [(output, strips)])
        else:
            _save(file, output, kind, strips, quality)


def store_pages(
    target: Path, pages: Iterable[tuple[Header, Iterable[Pixels]]], *, overwrite: bool = False
) -> None:
    """Write pictures as the pages of one TIFF file, whose sizes, depths and layouts may differ.

    Takes and raises what `store` does, page by page; UnsupportedImageError also for a `target` of
    another format, ValueError for no pages at all. The headers are asked for before the first
    strip: strips that hold something had better be generators, which begin when they are needed.
    """
    target = Path(target)
    if format_of(target) != "tiff":
        raise UnsupportedImageError(
            f"{target}: of these formats TIFF alone holds several pages; end its name in .tif"
        )
    told = list(pages)
    if not told:
        raise ValueError(f"{target}: no pages to store")
    with placed(target, overwrite=overwrite) as file, _told(target, "tiff"):
        store_tiff(file, told)


def _save(
    file: BinaryIO, output: Header, kind: Format, strips: Iterable[Pixels], quality: int
) -> None:
    """Let libvips write to the file, from its beginning."""
    # The gap that texts will fill: libpng writes the header, behind which they belong, at once.
    texts = packed_texts(output.metadata.texts) if kind == "png" else b""
    file.seek(len(texts))
    with carried(output, strips) as image:
        pyvips.Operation.call(
            f"{kind}save_target",
            dressed(image, output, kind),
            pyvips.Target.new_to_descriptor(file.fileno()),
            **options(output, kind, quality),
        )
    if texts:
        file.seek(len(texts))
        header = file.read(HEADER_SIZE)
        file.seek(0)
        file.write(header + texts)


@contextmanager
def _told(target: Path, kind: Format) -> Iterator[None]:
    """Tell what a failure of libvips means to the user."""
    try:
        yield
    except pyvips.Error as error:
        detail = " ".join(str(error.detail).split())
        refused = refusal(detail)
        if refused is not None:
            raise refused from None
        raise ImageError(
            f"{target}: cannot be written as {kind} ({detail}); choose PNG or TIFF"
        ) from None
