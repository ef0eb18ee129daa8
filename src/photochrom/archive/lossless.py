"""A grey JPEG in color, its luma untouched: the same coefficients, bit for bit.

A color JPEG stores luma, Y', and two components of chroma, Cb and Cr (ITU-T T.871, section 7). The
luma is taken over as it is coded; chroma is found for it, at half the size, and put behind it. See
docs/lossless-jpeg.md for what that keeps and what it does not.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..color import SRGB, Encoding, lab_to_xyz, linear_to_lightness
from ..color.yuv import KB, KG, KR
from ..errors import UnsupportedImageError
from ..image import MAX_PIXELS
from ..image.coefficients import GreyJpeg, Plane, component, grey_jpeg
from ..image.icc import profile_space, rgb_counterpart
from ..image.jpeg_segments import Jpeg, with_chroma
from ..image.placing import placed
from ..image.profile import encoding_of, srgb_profile
from ..inference import Sketch
from ..inference.enlarge import Enlargement, guided_lines

Floats = npt.NDArray[np.float32]

_LUMA = np.array([KR, KG, KB], dtype=np.float32)
"""Share of R', G' and B' in luma (T.871, section 7)."""
_TO_RED, _TO_BLUE = np.float32(2 * (1 - KR)), np.float32(2 * (1 - KB))
"""R' - Y' for each Cr, and B' - Y' for each Cb."""

_STEPS = 1 << 14  # of the tables: 0.02 codes at most off the true curves
_TINY = np.float32(1e-6)
_ROUNDS = 3  # of nine in ten colors, even vivid ones, luma is then known to 0.02 codes
_FLAT = 1e-3  # L* from which on two lumas differ
_SLOPES = 0.2, 1.2  # of L* over the lightness of its luma: what steps may count on
_AHEAD = 32  # strips for each thread, 8 MB: decoding need not wait for the lines

_TURNS: dict[int, Callable[[Floats], Floats]] = {
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.swapaxes(0, 1),
    6: np.rot90,
    7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}
"""From upright to stored, by EXIF's orientation."""


def lossless(
    source: Path,
    sketch: Sketch,
    target: Path,
    *,
    chroma_quality: int = 90,
    xmp: bytes | None = None,
    overwrite: bool = False,
    threads: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> None:
    """Color a grey JPEG file into another, whose luma is the same, bit for bit.

    Args:
        source: a JPEG of one component, or of three whose chroma is 0.
        sketch: its colors, upright.
        target: appears when it is complete.
        chroma_quality: 1 to 100, as libjpeg counts it.
        xmp: takes the place of the file's own XMP packet; None leaves that as it is.
        overwrite: replace the target if it exists.
        threads: 0 takes every core.
        max_pixels: more are refused.

    Raises:
        ImageError: the file is no JPEG, damaged, in color, too large or of a kind whose
            coefficients cannot be kept; the target exists or cannot be written. See `errors`.
        MissingExtraError: a source of three components, without the extra `archive`.
        ValueError: the quality is out of range.
    """
    if not 1 <= chroma_quality <= 100:
        raise ValueError(f"chroma quality is {chroma_quality}; it lies between 1 and 100")
    with placed(target, overwrite=overwrite) as file:
        grey = grey_jpeg(source, max_pixels)
        encoding = _encoding(grey)
        stored = _as_stored(sketch, grey.orientation)
        planes = _chroma(grey, stored, encoding, threads or os.cpu_count() or 1)
        with ThreadPoolExecutor(1 if threads == 1 else 2) as pool:
            blue, red = pool.map(
                lambda plane: component(plane, chroma_quality, grey.parts.is_progressive), planes
            )
        parts = _with_profile(grey.parts, encoding)
        parts = parts if xmp is None else parts.with_xmp(xmp, grey.name)
        file.writelines(with_chroma(parts, blue, red).chunks())


def _encoding(grey: GreyJpeg) -> Encoding:
    """What its codes mean."""
    encoding = encoding_of(grey.parts.icc, 1)
    if encoding is None:
        raise UnsupportedImageError(
            f"{grey.name}: its color profile is made of tables, which codes in color cannot obey; "
            "color it without keeping its coefficients"
        )
    return encoding


def _with_profile(parts: Jpeg, encoding: Encoding) -> Jpeg:
    """The file with the RGB profile that means for greys what its grey profile meant."""
    icc = parts.icc
    if icc is None or profile_space(icc) != "grey":
        return parts
    return parts.with_icc(srgb_profile(3) if encoding is SRGB else rgb_counterpart(icc))


def _as_stored(sketch: Sketch, orientation: int) -> Sketch:
    """The sketch of an upright picture, turned as the file has it (EXIF 2.32, `Orientation`)."""
    turned = _TURNS.get(orientation, np.asarray)
    return replace(sketch, lightness=turned(sketch.lightness), ab=turned(sketch.ab))


@dataclass(frozen=True)
class _Tones:
    """An encoding in tables, over [0, 1] in `_STEPS` steps."""

    value: Floats
    """Encoded value, over the square root of linear light, in which all curves are tame."""
    lightness: Floats
    """L* of greys, over their encoded value."""
    from_xyz: Floats
    """`(3, 3)`: XYZ to linear RGB."""

    def color(self, lightness: Floats, ab: Floats) -> Floats:
        """R'G'B' in [0, 1] of L* `(h, w)` and ab `(2, h, w)`, `(3, h, w)`.

        Where the encoding has no such color, it is moved toward the grey of its luminance.
        """
        lab = np.moveaxis(np.concatenate([lightness[None], ab]), 0, -1)
        xyz = np.moveaxis(lab_to_xyz(lab), -1, 0)
        luminance = xyz[1]
        linear = np.tensordot(self.from_xyz, xyz, 1)
        low, high = (reduce(which, linear) for which in (np.minimum, np.maximum))
        kept = _room(luminance, luminance - low, 1 - luminance, high - luminance)
        linear = luminance + kept * (linear - luminance)
        return _at(self.value, np.sqrt(linear.clip(0, 1)))

    def lightness_of(self, color: Floats) -> Floats:
        """L* `(h, w)` of the greys that have the luma of colors `(3, h, w)`."""
        return _at(self.lightness, np.tensordot(_LUMA, color, 1))


@lru_cache(maxsize=8)
def _tones(encoding: Encoding) -> _Tones:
    steps = np.linspace(0, 1, _STEPS + 1)
    light = np.asarray(encoding.curve(steps))
    return _Tones(
        value=np.interp(steps**2, light, steps).astype(np.float32),
        lightness=linear_to_lightness(np.stack([light] * 3, axis=-1)).astype(np.float32),
        from_xyz=np.linalg.inv(encoding.to_xyz).astype(np.float32),
    )


def _at(table: Floats, place: Floats) -> Floats:
    """The entries of a table nearest to places in [0, 1]."""
    found: Floats = table[np.rint(place * np.float32(_STEPS)).astype(np.intp)]
    return found


def _room(below: Floats | Plane, fall: Floats, above: Floats | Plane, climb: Floats) -> Floats:
    """The share of a fall that the room below allows, and of a climb the room above; 1 at most."""
    share: Floats = np.minimum(below / np.maximum(fall, _TINY), above / np.maximum(climb, _TINY))
    return np.minimum(share, 1)


def _lines(sketch: Sketch, encoding: Encoding) -> Floats:
    """Fit lines from luma to chroma around each pixel of a sketch.

    Returns:
        `(h, w, 4)`: slopes and offsets of Cb and Cr over luma in [0, 255].
    """
    ab = np.moveaxis(sketch.ab, -1, 0).astype(np.float32)
    red, green, blue = _of_luma(sketch.lightness, ab, _tones(encoding))
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    chroma = np.stack([(blue - luma) / _TO_BLUE, (red - luma) / _TO_RED], axis=-1)
    # Edges are told by steps of lightness, to which a hundredth of the luma is close.
    lines = guided_lines(100 * luma, 255 * chroma)
    lines[..., :2] *= np.float32(100 / 255)
    return lines


def _of_luma(lightness: Floats, ab: Floats, tones: _Tones) -> Floats:
    """R'G'B' `(3, h, w)` with a and b `(2, h, w)`, and with the luma of greys of L* `(h, w)`.

    Colors of one luma differ in L*, so L* is found for each, by the secant method. Where chroma had
    to be moved inside, luma is steep, and only bounds on the secant keep its steps from growing.
    """
    guess, slope = lightness, np.ones_like(lightness)
    color = tones.color(guess, ab)
    short = lightness - tones.lightness_of(color)
    for _ in range(_ROUNDS):
        before, guess = guess, (guess + slope * short).clip(0, 100)
        color = tones.color(guess, ab)
        left = lightness - tones.lightness_of(color)
        gain = short - left
        np.divide(guess - before, gain, out=slope, where=np.abs(gain) > _FLAT)
        slope, short = slope.clip(*_SLOPES), left
    return color


def _chroma(
    grey: GreyJpeg, sketch: Sketch, encoding: Encoding, workers: int
) -> tuple[Plane, Plane]:
    """Cb and Cr as codes, each of half the size of the picture, rounded up."""
    height, width = -(-grey.height // 2), -(-grey.width // 2)
    planes = np.empty((2, height, width), dtype=np.uint8)
    pending: deque[Future[None]] = deque()

    def enlarged() -> Enlargement:
        return Enlargement(_lines(sketch, encoding), height, width)

    def fill(strip: Plane, begin: int) -> None:
        end = begin + -(-len(strip) // 2)
        planes[:, begin:end] = chroma_of(strip, lines.result().rows(begin, end))

    with ThreadPoolExecutor(workers) as pool:
        lines = pool.submit(enlarged)  # which takes as long as decoding half of 24 megapixels
        begin = 0
        for strip in grey.strips():
            pending.append(pool.submit(fill, strip, begin))
            begin += len(strip) // 2
            if len(pending) > _AHEAD * workers:
                pending.popleft().result()
        for future in pending:
            future.result()
    return planes[0], planes[1]


def chroma_of(luma: Plane, lines: Floats) -> Plane:
    """Chroma for some rows, each sample for 2 × 2 pixels.

    A sample is moved toward grey until R'G'B' of the darkest and of the brightest of its pixels
    lie within [0, 255]: what lies outside a viewer clips, and that would change the luma shown.

    Args:
        luma: codes `(n, W)`; an even number of rows, unless they end the picture.
        lines: `(ceil(n / 2), ceil(W / 2), 4)`: slopes and offsets of Cb and Cr.

    Returns:
        Codes of Cb and Cr, `(2, ceil(n / 2), ceil(W / 2))`, 128 for grey.
    """
    odd = [(0, side % 2) for side in luma.shape]
    luma = np.pad(luma, odd, mode="edge") if luma.shape[0] % 2 or luma.shape[1] % 2 else luma
    quarters = luma[::2, ::2], luma[::2, 1::2], luma[1::2, ::2], luma[1::2, 1::2]
    darkest, brightest = reduce(np.minimum, quarters), reduce(np.maximum, quarters)
    mean = sum(quarters, np.zeros(darkest.shape, dtype=np.uint16)) * np.float32(0.25)
    slopes = np.moveaxis(lines, -1, 0)
    blue, red = (slopes[i] * mean + slopes[i + 2] for i in (0, 1))
    excess = [_TO_RED * red, _TO_BLUE * blue]  # of each channel over the luma
    excess += [-(_LUMA[0] * excess[0] + _LUMA[2] * excess[1]) / _LUMA[1]]
    highest, lowest = reduce(np.maximum, excess), reduce(np.minimum, excess)
    kept = _room(darkest, -lowest, 255 - brightest, highest)
    codes = np.stack([blue * kept, red * kept]) + np.float32(128.5)
    found: Plane = codes.clip(0, 255).astype(np.uint8)
    return found
