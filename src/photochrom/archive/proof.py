"""The proof that a colored file is the original with colors: luminance, metadata, provenance.

What it relies on is what both files say when they are read again, not what wrote them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..color import SRGB
from ..errors import ImageError, MissingExtraError, UnsupportedImageError
from ..image import SUFFIXES, Header, Layout, Metadata, Original, store, store_pages
from ..image.coefficients import LuminanceCoefficients, same_luminance
from ..image.frame import Pixels
from . import provenance
from .header_proof import compare_profiles, header_faults
from .luma import jpeg_with_own_luma
from .luminance_proof import Gauge, Luminance
from .metadata_proof import compared
from .sidecar import sha256_of

_MOST = 0.999  # share of pixels for which `Tolerance.most` holds
_EXACT_FORMATS = ("png", "tiff")

Watch = Callable[[int], None]
"""Is told of pixels as they are done."""


@dataclass(frozen=True)
class Tolerance:
    """What JPEG and WebP may do to L* by quantizing; docs/proof.md says what they do."""

    mean: float = 1.0
    """Of |ΔL*| over all pixels of a page."""
    most: float = 4.0
    """Of |ΔL*| in 999 of 1000 pixels."""


@dataclass(frozen=True)
class PageProof:
    """What was found of one picture."""

    luminance: Luminance | None
    """None where sizes or depths differ, so that there is nothing to compare."""
    faults: tuple[str, ...]
    """What is missing or differs, a line each."""
    notes: tuple[str, ...]
    """What has changed as it may."""


@dataclass(frozen=True)
class Proof:
    """What was found of two files."""

    pages: tuple[PageProof, ...]
    coefficients: LuminanceCoefficients | None
    """Of the luma of two JPEG files, where the colored one holds it apart; else None."""
    faults: tuple[str, ...]
    """Of the files as a whole."""
    notes: tuple[str, ...]

    @property
    def all_faults(self) -> tuple[str, ...]:
        """Every fault, with the page that it is of where there are several."""
        return self.faults + self._of_pages([page.faults for page in self.pages])

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Every note likewise."""
        return self.notes + self._of_pages([page.notes for page in self.pages])

    @property
    def is_proven(self) -> bool:
        """Whether nothing of the original is lost."""
        return not self.all_faults

    def _of_pages(self, lines: list[tuple[str, ...]]) -> tuple[str, ...]:
        several = len(self.pages) > 1
        return tuple(
            f"page {number}: {line}" if several else line
            for number, page in enumerate(lines, 1)
            for line in page
        )


@dataclass
class _Page:
    """A pair of pages under examination."""

    original: Original
    colored: Original
    gauge: Gauge | None
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def strips(self, watch: Watch) -> Iterator[Pixels]:
        """The map of |ΔL*|, for which the pixels are compared; nothing where they cannot be."""
        if self.gauge is not None:
            for strip in self.gauge.strips():
                watch(strip.size)
                yield strip


def prove(
    original: Path,
    colored: Path,
    tolerance: Tolerance | None = None,
    *,
    difference_map: Path | None = None,
    overwrite: bool = False,
    watch: Watch = lambda pixels: None,
) -> Proof:
    """Compare a colored file with its original: every pixel, every field.

    Args:
        original: the file that was colored.
        colored: what came of it.
        tolerance: of the luminance of JPEG and WebP; PNG and TIFF have to be exact.
        difference_map: a PNG or TIFF file to be written: |ΔL*| as grey, see `MAP_SCALE`.
        overwrite: replace that if it exists.
        watch: see there.

    Raises:
        ImageError: a file cannot be read, or the map not be written; see `errors`.
    """
    with ExitStack() as stack:
        pages, faults, notes = _opened(original, colored, stack)
        if difference_map is None:
            for page in pages:
                for _ in page.strips(watch):
                    pass
        else:
            _store_map(difference_map, pages, watch, overwrite=overwrite)
        faults += _source_faults(original, pages[0].colored.header)
        coefficients = _coefficients(original, colored, pages[0], notes)
        is_same = coefficients is not None and coefficients.identical
        if coefficients is not None and not is_same:
            notes.append("the luma is not coded as the original's: its coefficients differ")
        for page in pages:
            page.faults[:0] = _luminance_faults(page, tolerance or Tolerance(), coded_alike=is_same)
        found = tuple(
            PageProof(
                None if page.gauge is None else page.gauge.luminance,
                tuple(page.faults),
                tuple(page.notes),
            )
            for page in pages
        )
    return Proof(found, coefficients, tuple(faults), tuple(notes))


def _opened(
    original: Path, colored: Path, stack: ExitStack
) -> tuple[list[_Page], list[str], list[str]]:
    """Every pair of pages, with the faults of their headers; faults and notes of the files."""

    def page_of(path: Path, number: int) -> Original:
        return stack.enter_context(Original(path, page=number))

    first = page_of(original, 0), page_of(colored, 0)
    counts = [one.header.pages for one in first]
    faults, notes = [], list[str]()
    if counts[0] != counts[1]:
        faults.append(f"pages: {counts[0]} in the original, {counts[1]} in the colored file")
    pairs = [first]
    pairs += [(page_of(original, n), page_of(colored, n)) for n in range(1, min(counts))]
    pages = []
    for number, (before, after) in enumerate(pairs):
        said = compared((original, before.header), (colored, after.header), number)
        said.faults[:0] = header_faults(before.header, after.header)
        compare_profiles(before.header, after.header, said)
        shapes = [(h.height, h.width, h.bit_depth, h.has_alpha) for h in _headers(before, after)]
        gauge = Gauge(before, after) if shapes[0] == shapes[1] else None
        pages.append(_Page(before, after, gauge, said.faults, said.notes))
    return pages, faults, notes


def _headers(*pages: Original) -> list[Header]:
    return [page.header for page in pages]


def _source_faults(original: Path, header: Header) -> list[str]:
    """Whether the colored file names the original as its source; a grey one has no need to."""
    if header.channels == 1:
        return []
    said = None if header.metadata.xmp is None else provenance.read(header.metadata.xmp)
    if said is None:
        return ["provenance: none in the XMP, which would name the source"]
    if said.source.sha256 != sha256_of(original):
        return [f"provenance: names another source, {said.source.name}, by its sha256"]
    return []


def _coefficients(
    original: Path, colored: Path, page: _Page, notes: list[str]
) -> LuminanceCoefficients | None:
    """The comparison of two JPEG files' luma, where the colored one may have the original's."""
    formats = [header.format for header in _headers(page.original, page.colored)]
    if formats != ["jpeg", "jpeg"] or page.gauge is None or jpeg_with_own_luma(colored) is None:
        return None
    try:
        return same_luminance(original, colored)
    except MissingExtraError as error:
        notes.append(f"the coefficients were not compared: {error}")
    except ImageError as error:
        notes.append(f"the coefficients cannot be compared: {error}")
    return None


def _luminance_faults(page: _Page, tolerance: Tolerance, *, coded_alike: bool) -> list[str]:
    """Whether the pixels are the original's."""
    if page.gauge is None:
        return ["luminance: not compared, since the pictures are not of one shape"]
    found = page.gauge.luminance
    faults = []
    if found.alpha:
        faults.append(f"transparency: another in {found.alpha} pixels")
    if found.is_exact or coded_alike:
        return faults
    if page.colored.header.format in _EXACT_FORMATS:
        faults.append(
            f"luminance: {found.changed} of {found.pixels} pixels have another grey code, "
            f"|ΔL*| up to {found.largest:.4g}"
        )
        return faults
    if found.mean > tolerance.mean:
        faults.append(f"luminance: mean |ΔL*| {found.mean:.3f}, above {tolerance.mean:g}")
    if found.at_most(_MOST) > tolerance.most:
        faults.append(
            f"luminance: |ΔL*| of one pixel in 1000 above {found.at_most(_MOST):.2f}, "
            f"which is above {tolerance.most:g}"
        )
    return faults


def _store_map(target: Path, pages: list[_Page], watch: Watch, *, overwrite: bool) -> None:
    """Write the differences of all pages that can be compared."""
    kind = SUFFIXES.get(target.suffix.lower())
    told = [(_map_header(page), page.strips(watch)) for page in pages if page.gauge is not None]
    if kind not in _EXACT_FORMATS or (kind == "png" and len(pages) > 1):
        raise UnsupportedImageError(
            f"{target}: a map is a PNG or TIFF file, of several pages a TIFF; end its name in .tif"
        )
    if not told:
        return
    if kind == "tiff":
        store_pages(target, told, overwrite=overwrite)
    else:
        store(target, *told[0], overwrite=overwrite)


def _map_header(page: _Page) -> Header:
    """A grey picture of the same size, without anything that the original says."""
    return replace(
        page.original.header,
        channels=1,
        has_alpha=False,
        bit_depth=8,
        encoding=SRGB,
        icc=None,
        metadata=Metadata(),
        layout=Layout(),
    )
