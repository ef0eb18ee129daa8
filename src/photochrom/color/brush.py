"""Chroma joined to the luminance of codes, fast and exact: the arithmetic of `lab` and `gamut` for
millions of pixels.

What those modules say once per step with a new array each, this does in place on a few rows that
fit a core's cache, with the tone curves in tables. Red and blue are rounded as they come; green is
then chosen so that the luminance of the three *codes* is that of the original. Green carries most
of the luminance, so its step, and with it the error, is less than half of what parts two grey
codes: read back, the luminance is the original's code, exactly (`Brush.greys`). Where a curve has a
corner (ROMM RGB near black), greens beyond it have longer steps than greys before it, and not every
color has codes of the right luminance; the few that have none become grey.
"""

import numpy as np
import numpy.typing as npt

from .tones import Floats, Tables

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_MISSED = 0.46  # of what parts two grey codes: from 0.5 on another is read
_SURFACE = 6  # by how much the limits replace mixing with grey, per share of chroma that it takes
_TINY = np.float32(1e-12)  # what is divided by where there is no chroma
_DELTA = 6 / 29  # where the cube root of L*a*b* hands over to a straight line
_SLOPE = 3 * _DELTA**2
_START = 4 / 29  # where the line begins


class Brush:
    """Paints some rows at a time; holds the memory for that, so each thread needs its own."""

    def __init__(self, source: Tables, target: Tables, pixels: int) -> None:
        """Take what codes mean that are read and written, and room for that many pixels at once.

        Both tables are of one bit depth. Exact to the code is the luminance where both are the
        same, as it must be where codes of another curve stand for it.
        """
        self._source = source
        self._tables = target
        self._planes = np.empty((8, pixels), dtype=np.float32)
        self._index = np.empty(pixels, dtype=np.intp)
        self._codes = np.empty(pixels, dtype=target.dtype)
        # numpy compares with arrays four times as fast as with a number.
        self._zeros = np.zeros(pixels, dtype=np.float32)
        self._ones = np.ones(pixels, dtype=np.float32)
        self._encode = self._nearest if target.dtype == np.uint8 else self._interpolated

    def paint(self, codes: Codes, slopes: Floats, offsets: Floats, out: Codes) -> None:
        """Color pixels along lines from g(Y) to g(X) and g(Z).

        g is the cube root of L*a*b*, f = (L* + 16) / 116, less its value at 0, 4 / 29: so near 0 no
        digit of a float32 is lost.

        Args:
            codes: `(n, 1 or 3)`, grey or RGB; of colors only the luminance is kept.
            slopes: `(2, n)`; g(X) = slopes[0] g(Y) + offsets[0], g(Z) likewise.
            offsets: `(2, n)`.
            out: `(n, 3)`, which is filled.
        """
        t, planes = self._tables, self._planes[:, : len(codes)]
        zeros, ones = self._zeros[: len(codes)], self._ones[: len(codes)]
        luminance, root, x, z, red, green, blue, spare = planes
        self._read(codes, luminance, root, x, z)
        for plane, slope, offset in zip((x, z), slopes, offsets, strict=True):
            np.multiply(slope, root, out=plane)
            np.add(plane, offset, out=plane)
            _cube(plane, zeros, spare, green)
            np.subtract(plane, luminance, out=plane)
        for plane, (of_x, of_z) in zip((red, green, blue), t.mixing, strict=True):
            np.multiply(x, of_x, out=plane)
            np.multiply(z, of_z, out=spare)
            np.add(plane, spare, out=plane)
            np.add(plane, luminance, out=plane)
        self._fit(root, slopes, offsets, (red, green, blue), (x, z))
        # Red and blue as their codes will be read; green is what they leave of the luminance.
        for channel, plane in ((0, red), (2, blue)):
            self._encode(plane, out[:, channel], spare, x)
            np.multiply(plane, t.weights[channel], out=plane)
            np.subtract(luminance, plane, out=luminance)
        np.divide(luminance, t.weights[1], out=green)
        np.minimum(green, ones, out=green)
        np.maximum(green, zeros, out=green)
        self._encode(green, out[:, 1], spare, x)
        if t.is_rough:
            self._mend(codes, out)

    def lightness(self, codes: Codes, out: Floats) -> None:
        """L* of pixels.

        Args:
            codes: `(n, 1 or 3)`, of the source's encoding.
            out: `(n,)`, which is filled.
        """
        luminance, root, spare, other, *_ = self._planes[:, : len(codes)]
        self._read(codes, luminance, root, spare, other)
        np.multiply(root, np.float32(116), out=out)

    def greys(self, codes: Codes, out: Floats) -> None:
        """The grey codes that have the luminance of pixels, with their fractions.

        Args:
            codes: `(n, 1 or 3)`, of the source's encoding.
            out: `(n,)`, which is filled: codes of the target's encoding. The nearest is that of the
                grey that was painted.
        """
        self._greys(self._source, codes, out)

    def _greys(self, source: Tables, codes: Codes, out: Floats) -> None:
        t, (luminance, spare, other) = self._tables, self._planes[-3:, : len(codes)]
        if codes.shape[1] == 1 and source is t:
            np.copyto(out, codes[:, 0])
            return
        self._luminance(source, codes, luminance, spare)
        np.copyto(out, luminance)
        self._interpolate(out, t.code_of, t.code_climb, spare, other)
        np.subtract(out, np.float32(0.5), out=out)
        if t.is_rough:
            self._refine(out, luminance, spare, other)

    def _refine(self, greys: Floats, luminance: Floats, spare: Floats, other: Floats) -> None:
        """Find grey codes from the lights of those beside them, known to a code or two."""
        t, index = self._tables, self._index[: len(greys)]
        for _ in range(2):
            np.floor(greys, out=spare)
            np.clip(spare, 0, len(t.light_climb) - 1, out=spare)
            np.copyto(index, spare, casting="unsafe")
            np.take(t.light, index, out=other, mode="wrap")
            np.subtract(luminance, other, out=greys)
            np.take(t.light_climb, index, out=other, mode="wrap")
            np.divide(greys, other, out=greys)
            np.add(greys, spare, out=greys)

    def _mend(self, codes: Codes, out: Codes) -> None:
        """Make those grey that have another luminance than the original."""
        wanted, got, *_ = self._planes[:, : len(codes)]
        self._greys(self._source, codes, wanted)
        self._greys(self._tables, out[:, :3], got)
        np.subtract(got, wanted, out=got)
        missed = np.flatnonzero(np.abs(got, out=got) > _MISSED)
        out[missed, :3] = np.rint(wanted[missed, None])

    def _read(
        self, codes: Codes, luminance: Floats, root: Floats, spare: Floats, other: Floats
    ) -> None:
        """Y and g(Y) of codes."""
        t = self._source
        self._luminance(t, codes, luminance, spare)
        if codes.shape[1] == 1:
            np.take(t.root, self._index[: len(codes)], out=root, mode="wrap")
            return
        np.copyto(root, luminance)
        self._interpolate(root, t.root_of, t.root_climb, spare, other)

    def _luminance(self, source: Tables, codes: Codes, out: Floats, spare: Floats) -> None:
        """Y of codes; of greys, the index is left at them."""
        index = self._index[: len(codes)]
        if codes.shape[1] == 1:
            np.copyto(index, codes[:, 0])
            np.take(source.light, index, out=out, mode="wrap")
            return
        out.fill(0)
        for channel, weight in enumerate(source.weights):
            np.copyto(index, codes[:, channel])
            np.take(source.light, index, out=spare, mode="wrap")
            np.multiply(spare, weight, out=spare)
            np.add(out, spare, out=out)
        np.minimum(out, self._ones[: len(codes)], out=out)

    def _interpolate(
        self, light: Floats, table: Floats, climb: Floats, spare: Floats, other: Floats
    ) -> None:
        """Replace light in [0, 1] by what a table over its root says of it."""
        t, index = self._tables, self._index[: len(light)]
        np.sqrt(light, out=light)
        if t.dtype == np.uint16:
            np.sqrt(light, out=light)
        np.multiply(light, np.float32(t.steps), out=light)
        np.floor(light, out=spare)
        np.subtract(light, spare, out=light)
        np.copyto(index, spare, casting="unsafe")
        np.take(climb, index, out=other, mode="wrap")
        np.multiply(light, other, out=light)
        np.take(table, index, out=spare, mode="wrap")
        np.add(spare, light, out=light)

    def _fit(
        self,
        root: Floats,
        slopes: Floats,
        offsets: Floats,
        channels: tuple[Floats, Floats, Floats],
        spare: tuple[Floats, Floats],
    ) -> None:
        """Give colors outside the gamut less chroma, as `gamut` does; they are few."""
        red, green, blue = channels
        low, high = spare
        np.minimum(red, green, out=low)
        np.minimum(low, blue, out=low)
        np.maximum(red, green, out=high)
        np.maximum(high, blue, out=high)
        if low.min() >= 0 and high.max() <= 1:
            return
        stray = np.flatnonzero((low < 0) | (high > 1))
        y = root[stray]
        x, z = (line[stray] * y + end[stray] for line, end in zip(slopes, offsets, strict=True))
        # At the surface the limits are not known well enough, and mixing with grey turns no hue; of
        # colors far beyond it would turn by up to 20 degrees, and chroma rise and fall with it.
        limit = self._share(116 * y, 500 * (x - y), 200 * (y - z))
        lost = 1 - _reach(*self._parted(y, x, z, np.float32(1)))
        share = np.maximum(limit, 1 - np.float32(_SURFACE) * lost)
        grey, chroma = self._parted(y, x, z, share)
        chroma *= _reach(grey, chroma)
        red[stray] = np.maximum(grey + chroma[0], 0)  # not even by a rounding error below
        blue[stray] = np.maximum(grey + chroma[2], 0)

    def _parted(
        self, y: Floats, x: Floats, z: Floats, share: Floats | np.float32
    ) -> tuple[Floats, Floats]:
        """Linear grey `(n,)` and what a share of the chroma adds to each channel `(3, n)`."""
        roots = np.stack([y, y + share * (x - y), y + share * (z - y)])
        _cube(roots, np.zeros_like(roots), np.empty_like(roots), np.empty_like(roots))
        return roots[0], self._tables.mixing @ (roots[1:] - roots[0])

    def _share(self, lightness: Floats, a: Floats, b: Floats) -> Floats:
        """The share of chroma that the gamut has, of few colors; 1 at most."""
        limits = self._tables.limits
        rows, columns = limits.shape[0] - 1, limits.shape[1] - 1
        down = np.clip(lightness * np.float32(rows / 100), 0, np.float32(rows - 0.001))
        across = np.arctan2(b, a) * np.float32(columns / (2 * np.pi))
        across = np.where(across < 0, across + np.float32(columns), across)
        across = np.minimum(across, np.float32(columns - 0.001))
        row, column = down.astype(np.intp), across.astype(np.intp)
        down, across = down - row.astype(np.float32), across - column.astype(np.float32)
        upper = limits[row, column] * (1 - across) + limits[row, column + 1] * across
        lower = limits[row + 1, column] * (1 - across) + limits[row + 1, column + 1] * across
        limit = upper + down * (lower - upper)
        share: Floats = np.minimum(limit / np.maximum(np.hypot(a, b), _TINY), 1)
        return share

    def _nearest(self, light: Floats, out: Codes, _spare: Floats, _other: Floats) -> None:
        """Codes of linear light in [0, 1], which becomes the light of these codes; 8 bits."""
        t, index = self._tables, self._index[: len(light)]
        codes = self._codes[: len(light)]
        np.sqrt(light, out=light)
        np.multiply(light, np.float32(t.steps), out=light)
        np.copyto(index, light, casting="unsafe")
        np.take(t.nearest, index, out=codes, mode="wrap")
        np.copyto(out, codes)
        np.take(t.light_of, index, out=light, mode="wrap")

    def _interpolated(self, light: Floats, out: Codes, spare: Floats, other: Floats) -> None:
        """The same for 16 bits, whose codes are finer than the steps."""
        t, index = self._tables, self._index[: len(light)]
        self._interpolate(light, t.code_of, t.code_climb, spare, other)
        np.copyto(index, light, casting="unsafe")
        np.copyto(out, index, casting="unsafe")
        np.take(t.light, index, out=light, mode="wrap")


def _reach(grey: Floats, chroma: Floats) -> Floats:
    """The share of chroma, added in linear light to grey, that stays in [0, 1]; 1 at most."""
    below = grey / np.maximum(-chroma.min(axis=0), _TINY)
    above = (1 - grey) / np.maximum(chroma.max(axis=0), _TINY)
    share: Floats = np.minimum(np.minimum(below, above), 1)
    return share


def _cube(g: Floats, zeros: Floats, spare: Floats, other: Floats) -> None:
    """The inverse of g, in place: a line, and from its end on the cube that leaves it."""
    np.subtract(g, np.float32(_DELTA - _START), out=spare)
    np.maximum(spare, zeros, out=spare)
    np.add(g, np.float32(_START + 2 * _DELTA), out=other)
    np.multiply(other, spare, out=other)
    np.multiply(other, spare, out=other)  # f³ less its tangent at δ: (f - δ)² (f + 2 δ)
    np.multiply(g, np.float32(_SLOPE), out=g)
    np.add(g, other, out=g)
