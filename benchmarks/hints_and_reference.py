"""What hints and reference pictures do to colors, and what they cost: `OPENBLAS_NUM_THREADS=1
python benchmarks/hints_and_reference.py`.

On photographs of scikit-image (extra `demo`) and a drawn disc, with the network of the package.
Differences are ΔE2000, of painted pictures. Times are those of one processor.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import skimage.io
from numpy.typing import NDArray

from photochrom import image
from photochrom.color import ciede2000, fit_chroma, srgb_to_lab
from photochrom.inference import Edit, Engine, Sketch, load_engine, painted
from photochrom.inference.enlarge import bilinear
from photochrom.inference.hints import Hint, hinted
from photochrom.inference.luminance import lab_of, lightness_of, uncolored
from photochrom.inference.reference import like

Pixels = NDArray[Any]
Lab = NDArray[np.float32]

SIDE = 256
VIOLET = (120, 60, 200)
PLACES = {  # a point, and the box (left, top, right, bottom) of something else, in relative terms
    "astronaut": (0.10, 0.50, (0.70, 0.75, 0.90, 0.95)),  # a white stripe; the helmet
    "coffee": (0.35, 0.12, (0.05, 0.70, 0.40, 0.95)),  # the cup; the table
    "chelsea": (0.38, 0.36, (0.20, 0.10, 0.60, 0.25)),  # an eye; the forehead
    "rocket": (0.30, 0.30, (0.00, 0.30, 0.08, 0.90)),  # the sky; a tower
}


def photograph(name: str) -> Pixels:
    """A color photograph of scikit-image's wheel."""
    (path,) = Path(skimage.data.__file__).parent.glob(f"{name}.*")
    return np.asarray(skimage.io.imread(path))


def repainted(frame: image.Frame, sketch: Sketch, edit: Edit) -> tuple[Lab, Lab, float]:
    """L*a*b* before and after, and the seconds that the edit took."""
    begin = time.process_time()
    edited = edit(sketch)
    seconds = time.process_time() - begin
    before, after = (lab_of(painted(frame, one).frame.pixels) for one in (sketch, edited))
    return before, after, seconds


def reached(lab: Lab, color: tuple[int, int, int]) -> Lab:
    """Difference to the hinted color, or the nearest that sRGB has at each lightness."""
    ab = np.broadcast_to(srgb_to_lab(np.array(color) / 255)[1:], (*lab.shape[:-1], 2))
    wanted = fit_chroma(np.concatenate([lab[..., :1], ab], axis=-1))
    return np.asarray(ciede2000(lab, wanted))


# Hints


def disc(scale: int, dtype: type) -> tuple[image.Frame, Sketch, NDArray[np.bool_]]:
    """A grainy disc, 28 L* lighter than its ground, `scale` times the working size; inside it."""
    random = np.random.default_rng(0)
    rows, columns = np.ogrid[: scale * SIDE, : scale * SIDE]
    inside = np.hypot(rows - scale * 128, columns - scale * 128) < scale * 40
    grey = np.where(inside, 0.65, 0.38) + random.normal(0, 0.03, inside.shape)
    top = np.iinfo(dtype).max
    frame = image.from_array(np.rint(grey.clip(0, 1) * top).astype(dtype))
    lightness = lightness_of(image.resize(frame.pixels, SIDE, SIDE))
    ab = bilinear(random.normal(0, 9, (9, 9, 2)).astype(np.float32), SIDE, SIDE)
    return frame, Sketch(lightness, ab, lightness), inside


def hint_rows(engine: Engine) -> Iterator[tuple[str, float, float, float]]:
    """A case, the difference at the hint, that beyond the edge, and seconds."""
    for scale, dtype in ((1, np.uint8), (4, np.uint8), (4, np.uint16), (16, np.uint8)):
        frame, sketch, inside = disc(scale, dtype)
        middle = scale * 128
        edit = hinted([Hint(middle, middle, VIOLET)], frame.height, frame.width)
        before, after, seconds = repainted(frame, sketch, edit)
        name = f"drawn disc, {frame.bit_depth} bit, {scale} times the working size"
        at_hint = float(reached(after[middle, middle], VIOLET))
        moved = np.concatenate(  # by rows: differences of a large picture take gigabytes
            [
                ciede2000(one, other)[~mask]
                for one, other, mask in zip(before, after, inside, strict=True)
            ]
        )
        yield name, at_hint, float(moved.mean()), seconds
    for name, (x, y, (left, top, right, bottom)) in PLACES.items():
        frame = uncolored(image.from_array(photograph(name)))
        height, width = frame.height, frame.width
        edit = hinted([Hint(x, y, VIOLET, "relative")], height, width)
        before, after, seconds = repainted(frame, engine.sketch(frame), edit)
        box = np.s_[
            int(top * height) : int(bottom * height), int(left * width) : int(right * width)
        ]
        at_hint = float(reached(after[int(y * height), int(x * width)], VIOLET))
        yield name, at_hint, float(ciede2000(before[box], after[box]).mean()), seconds


def ten_hints(engine: Engine) -> float:
    """Seconds of ten hints, the least of five times."""
    frame = uncolored(image.from_array(photograph("astronaut")))
    sketch = engine.sketch(frame)
    points = np.random.default_rng(0).uniform(0, 1, (10, 2))
    edit = hinted([Hint(x, y, VIOLET, "relative") for x, y in points], 1, 1)
    times = []
    for _ in range(5):
        begin = time.process_time()
        edit(sketch)
        times.append(time.process_time() - begin)
    return min(times)


# Reference


def part(pixels: Pixels) -> Pixels:
    """The middle, a third of the area."""
    height, width = pixels.shape[:2]
    return pixels[height // 5 : -height // 5, width // 5 : -width // 5]


def exposed(pixels: Pixels) -> Pixels:
    """With a third of the light."""
    return np.rint(255 * ((pixels / 255) ** 2.2 * 0.33) ** (1 / 2.2)).astype(np.uint8)


SEEN: dict[str, Callable[[Pixels], Pixels]] = {
    "itself": lambda pixels: pixels,
    "itself, mirrored": lambda pixels: pixels[:, ::-1],
    "itself with a third of the light": exposed,
    "its middle": part,
}


def reference_rows(engine: Engine) -> Iterator[tuple[str, str, float, float, float]]:
    """A picture, its reference, the mean difference to the truth before and after, seconds."""
    pairs = []
    for name in PLACES:
        pixels = photograph(name)
        pairs += [(name, pixels, seen, change(pixels)) for seen, change in SEEN.items()]
        pairs.append((f"{name}, its middle", part(pixels), "all of it", pixels))
    left, right = (photograph(f"motorcycle_{side}") for side in ("left", "right"))
    pairs.append(("motorcycle, left", left, "right (a stereo pair)", right))
    pairs.append(("motorcycle, right", right, "left", left))
    for name, pixels, seen, reference in pairs:
        true = image.from_array(np.ascontiguousarray(pixels))
        grey = uncolored(true)
        edit = like(image.from_array(np.ascontiguousarray(reference)))
        before, after, seconds = repainted(grey, engine.sketch(grey), edit)
        errors = [float(ciede2000(lab, lab_of(true.pixels)).mean()) for lab in (before, after)]
        yield name, seen, *errors, seconds


def main() -> None:
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # too late to set it: numpy is loaded
        sys.exit("set OPENBLAS_NUM_THREADS=1: times are those of one processor")
    engine = load_engine()
    print("| a hint in | ΔE at the hint | mean ΔE beyond the edge | s |")
    print("| --- | ---: | ---: | ---: |")
    for case, at_hint, beyond, seconds in hint_rows(engine):
        print(f"| {case} | {at_hint:.1f} | {beyond:.2f} | {seconds:.2f} |")
    print(f"\nTen hints: {ten_hints(engine):.2f} s\n")
    print("| picture | reference | ΔE to the truth without | with | s |")
    print("| --- | --- | ---: | ---: | ---: |")
    for name, seen, without, with_it, seconds in reference_rows(engine):
        print(f"| {name} | {seen} | {without:.1f} | {with_it:.1f} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
