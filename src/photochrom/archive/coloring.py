"""One file colored into another, strip by strip: of any size, and nothing of it is lost."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ..color import SRGB
from ..color.spaces import SPACES
from ..errors import UnsupportedImageError
from ..image import SUFFIXES, Format, Frame, Header, Original, store, store_pages
from ..image.frame import Pixels
from ..image.icc import profile_of, profile_space, rgb_counterpart
from ..image.profile import srgb_profile
from ..inference import Colorizer, Sketch, candidates
from ..inference.painter import Painter
from ..inference.tint import is_in_color
from . import credentials, sidecar
from .beside import candidate_path, confidence_paths, refuse, write_confidence
from .gathering import gathered
from .lossless import lossless
from .order import Order, settings_for
from .provenance import Named, Provenance, stamped
from .weights import named_weights

_SEEN = 512 * 512
"""Pixels of the copy that the network and the edits are shown: twice the working size a side."""


@dataclass(frozen=True)
class Receipt:
    """What was done."""

    target: Path
    source_sha256: str
    notes: tuple[str, ...] = ()
    """What the owner of the picture should know, a line each."""
    beside: tuple[Path, ...] = ()
    """What else was written."""

    @property
    def result_sha256(self) -> str:
        """Of the file as it is now; OSError where it cannot be read."""
        return sidecar.sha256_of(self.target)


def color_file(
    source: Path,
    target: Path,
    colorizer: Colorizer,
    order: Order,
    *,
    overwrite: bool = False,
    threads: int = 0,
) -> Receipt:
    """Color the picture in one file into another.

    Every page of a TIFF file is colored where the target is one, too; else the first.

    Args:
        source: never changed.
        target: the format is what its ending means; it appears when it is complete, and all that
            is ordered to lie beside it, too.
        colorizer: the network of `order`, as `order.colorizer` loads it.
        order: see there.
        overwrite: replace the target if it exists.
        threads: within this picture; 0 takes every core.

    Raises:
        ImageError: the picture cannot be read, or not be written as asked; of the many kinds that
            `errors` lists.
        ModelError: the network does not go with the order.
        HintError: the order's hints cannot be read.
        PhotochromError: the result cannot be signed.
    """
    with ThreadPoolExecutor(1) as aside, Original(source) as first:
        # The provenance names the source's hash, and is among the first that is written.
        digest = aside.submit(sidecar.sha256_of, source)
        cores = threads or os.cpu_count() or 1
        task = _Task(source, colorizer, order, digest, cores, source.name)
        if not overwrite:
            refuse(_beside(target, order))
        with gathered(target, overwrite=overwrite) as files:
            notes = _written(first, files.target, task)
            task.delivered(files.target)
    return Receipt(target, digest.result(), notes, files.beside)


def sketch_file(source: Path, colorizer: Colorizer, order: Order) -> Sketch:
    """The colors of the only picture in a file, before they are painted.

    Raises what `color_file` raises for a picture that cannot be read, and UnsupportedImageError for
    a file of several pages.
    """
    with Original(source) as page:
        if page.header.pages > 1:
            raise UnsupportedImageError(
                f"{source}: has {page.header.pages} pages, of which each would need colors of its "
                "own; take it apart"
            )
        small = page.thumbnail(_SEEN)
        settings = settings_for(order, small, page.header.height, page.header.width)
        return colorizer.sketch(small, settings)


def color_bytes(
    data: bytes,
    colorizer: Colorizer,
    order: Order,
    *,
    format: Format | None = None,
    name: str = "<bytes>",
) -> bytes:
    """Color a picture that is in memory; see `color_file`, whose errors these are.

    Raises UnsupportedImageError also for an order of candidates, or of a map of confidence, for
    which there is no place.

    Args:
        data: of a JPEG, PNG, TIFF or WebP file.
        colorizer: the network of `order`.
        order: see there; a sidecar and the times of files mean nothing here.
        format: of the result; None takes that of `data`.
        name: what messages, and the provenance, call the picture.
    """
    if order.candidates > 1 or order.confidence:
        raise UnsupportedImageError(
            f"{name}: candidates and maps of confidence lie beside a file; color it from a file "
            "into a file"
        )
    with Original(data, name=name) as picture:
        suffix = {kind: ending for ending, kind in SUFFIXES.items()}[
            format or picture.header.format
        ]
    with TemporaryDirectory(prefix="photochrom-") as folder:
        source, target = Path(folder, "source"), Path(folder, f"result{suffix}")
        source.write_bytes(data)
        with ThreadPoolExecutor(1) as aside, Original(source, name=name) as first:
            digest = aside.submit(sidecar.sha256_of, source)
            task = _Task(source, colorizer, order, digest, os.cpu_count() or 1, name)
            _written(first, target, task)
        replace(task, order=replace(order, sidecar=False, preserve_times=False)).delivered(target)
        return target.read_bytes()


@dataclass(frozen=True)
class _Task:
    """What holds for every page of a file."""

    source: Path
    colorizer: Colorizer
    order: Order
    digest: Future[str]
    threads: int
    name: str
    """What the provenance calls the source."""

    @property
    def provenance(self) -> Provenance:
        """What is said of the result."""
        return Provenance(
            model=named_weights(self.order.model),
            parameters=self.order.parameters(),
            source=Named(name=self.name, sha256=self.digest.result()),
        )

    def sketches(self, small: Frame, header: Header) -> list[Sketch]:
        """The colors of a page of which this is a small copy, as many ways as are ordered."""
        settings = settings_for(self.order, small, header.height, header.width)
        count = self.order.candidates
        if count == 1:
            return [self.colorizer.sketch(small, settings)]
        return [one.sketch for one in candidates(self.colorizer, small, count, settings)]

    def delivered(self, target: Path) -> None:
        """Do with the colored file what else was ordered."""
        order = self.order
        if order.signer is not None:
            credentials.sign(target, self.source, self.provenance, order.signer)
        if order.sidecar:
            sidecar.write(target, self.provenance)
        if order.preserve_times:
            status = self.source.stat()
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _beside(target: Path, order: Order) -> list[Path]:
    """What is written beside a colored picture, and replaces nothing unasked."""
    others = [candidate_path(target, number) for number in range(2, order.candidates + 1)]
    return [*others, *(confidence_paths(target) if order.confidence else ())]


def _written(first: Original, target: Path, task: _Task) -> tuple[str, ...]:
    """Color and store what was opened, where nothing is yet; returns notes."""
    header, order = first.header, task.order
    if header.pages > 1 and SUFFIXES.get(target.suffix.lower()) == "tiff":
        _refuse_several(header, order)
        rest = [Original(task.source, page=page) for page in range(1, header.pages)]
        pages = [_painted(page, task) for page in (first, *rest)]
        store_pages(target, pages)
        return ()
    small = first.thumbnail(_SEEN)
    ways = task.sketches(small, header)
    if order.exact_jpeg:
        _exact(first, ways[0], target, task)
    else:
        output = _output(header, task)
        for number, sketch in enumerate(ways, 1):
            path = target if number == 1 else candidate_path(target, number)
            store(path, output, _strips(first, sketch, output, task), quality=order.quality)
    if order.confidence:
        write_confidence(first, ways[0], target)
    return tuple(_notes(header, small, order, len(ways)))


def _refuse_several(header: Header, order: Order) -> None:
    """Of many pages, only the colors are written."""
    if order.candidates > 1 or order.confidence:
        raise UnsupportedImageError(
            f"{header.name}: has {header.pages} pages, for which there are neither candidates nor "
            "maps of confidence; take it apart, or name an output that holds one page"
        )


def _notes(header: Header, small: Frame, order: Order, ways: int) -> Iterator[str]:
    """What the owner of the picture should know."""
    if header.pages > 1:
        yield f"{header.name}: has {header.pages} pages, of which only TIFF holds all"
    if order.assume == "auto" and is_in_color(small):
        yield (
            f"{header.name}: is in color already, and was colored anew; --assume grey says that it "
            "is known"
        )
    if ways < order.candidates:
        yield f"{header.name}: the network has {ways} opinions of it, and no more"


def _exact(page: Original, sketch: Sketch, target: Path, task: _Task) -> None:
    """Keep a grey JPEG's coefficients."""
    if SUFFIXES.get(target.suffix.lower()) != "jpeg":
        raise UnsupportedImageError(
            f"{target}: only a JPEG can keep the coefficients of one; end its name in .jpg"
        )
    lossless(
        task.source,
        sketch,
        target,
        xmp=stamped(page.header.metadata.xmp, task.provenance),
        threads=task.threads,
    )


def _painted(page: Original, task: _Task) -> tuple[Header, Iterator[Pixels]]:
    """The header of a colored page, and its strips, for which nothing is done before the first."""
    output = _output(page.header, task)

    def strips() -> Iterator[Pixels]:
        (sketch,) = task.sketches(page.thumbnail(_SEEN), page.header)
        yield from _strips(page, sketch, output, task)

    return output, strips()


def _output(header: Header, task: _Task) -> Header:
    """A colored picture's header: all that the picture's own says, and how it was colored."""
    metadata = replace(header.metadata, xmp=stamped(header.metadata.xmp, task.provenance))
    if task.order.profile != "keep":
        encoding = SPACES[task.order.profile]
        icc: bytes | None = profile_of(encoding)
    else:
        encoding, icc = header.encoding, header.icc
        if icc is not None and profile_space(icc) == "grey":
            # A damaged one has no curve to take over: its codes were taken for sRGB's.
            icc = srgb_profile(3) if encoding is SRGB else rgb_counterpart(icc, SRGB)
    return replace(header, channels=3, encoding=encoding, icc=icc, metadata=metadata)


def _strips(page: Original, sketch: Sketch, output: Header, task: _Task) -> Iterator[Pixels]:
    """The colored pixels, alpha included."""
    header = page.header
    painter = Painter(
        sketch,
        header.height,
        header.width,
        header.bit_depth,
        header.encoding,
        output.encoding,
    )
    return painter.strips(page.strips(painter.strip_rows), task.threads)
