"""The Python call: a picture in, of whatever kind, and the same kind out, colored."""

import os
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from . import image
from .errors import OutputExistsError, UnsupportedImageError
from .image import PilImage
from .inference import DEFAULT, Settings, load_colorizer

Picture: TypeAlias = str | os.PathLike[str] | bytes | PilImage | NDArray[Any]
Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

_MARK = ".color"
_LOWEST_TEMPERATURE = 0.01  # the mode, in effect: ten times less moves no channel by one level


def default_output(path: str | os.PathLike[str]) -> Path:
    """Where a picture's colored version goes unless told otherwise: photo.jpg, photo.color.jpg."""
    original = Path(path)
    return original.with_name(f"{original.stem}{_MARK}{original.suffix}")


def is_named_as_output(path: str | os.PathLike[str]) -> bool:
    """Whether a file is named as `default_output` names its results."""
    return Path(path).stem.endswith(_MARK)


def checked_settings(
    temperature: float | None, saturation: float, style: image.Frame | None = None
) -> Settings:
    """The settings, if they lie where they mean something.

    Raises:
        ValueError: `temperature` is not in [0.01, 1], or `saturation` is negative or not finite.
    """
    if temperature is not None and not _LOWEST_TEMPERATURE <= temperature <= 1:
        raise ValueError(
            f"temperature is {temperature:g}; it lies between {_LOWEST_TEMPERATURE} (most vivid) "
            "and 1 (safest)"
        )
    if not 0 <= saturation < float("inf"):
        raise ValueError(
            f"saturation is {saturation:g}; give 0 (grey), 1 (as predicted) or any factor above"
        )
    return Settings(temperature=temperature, saturation=saturation, style=style)


@overload
def colorize(
    x: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: Picture | None = ...,
    output: str | os.PathLike[str] | None = ...,
    overwrite: bool = ...,
) -> Path: ...


@overload
def colorize(
    x: bytes,
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: Picture | None = ...,
) -> bytes: ...


@overload
def colorize(
    x: PilImage,
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: Picture | None = ...,
) -> PilImage: ...


@overload
def colorize(
    x: NDArray[Any],
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: Picture | None = ...,
) -> Samples: ...


def colorize(
    x: Picture,
    *,
    model: str | os.PathLike[str] = DEFAULT,
    temperature: float | None = None,
    saturation: float = 1.0,
    style: Picture | None = None,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Path | bytes | PilImage | Samples:
    """Color a picture.

    Size, bit depth, transparency, color profile and metadata stay what they are, and so does the
    luminance; a picture in color gets new color. The network is loaded once and kept.

    Args:
        x: the picture, which also decides what comes back:

            - a path, `str` or `os.PathLike`: the colored picture is written and its `Path`
              returned;
            - `bytes` of a JPEG, PNG, TIFF or WebP file: bytes of the same format;
            - a `PIL.Image.Image`: another, RGB or RGBA, 8 bits per channel;
            - an array (H, W) or (H, W, 1 to 4), sRGB-encoded, uint8 or uint16: an array
              (H, W, 3), or (H, W, 4) where `x` has alpha, of the same dtype. Floats in [0, 1]
              come back as uint16, booleans as uint8.
        model: an embedded network, by name, or the path of an ONNX file with a card, or of a
            router's TOML file.
        temperature: of the annealed mean, from 0.01 (vivid, and sometimes spotted) to 1 (safe, and
            sometimes dull); None takes the network's own.
        saturation: factor on the chroma, 0 or more.
        style: another picture, of any of the kinds of `x`, in whose style this one is colored; for
            networks whose card says `style`.
        output: for paths: the file to write, in the format its ending means; by default
            `photo.color.jpg` beside `photo.jpg`.
        overwrite: for paths: replace `output` if it exists. The original itself never is.

    Raises:
        MissingFileError, EmptyFileError, NotAnImageError, TruncatedImageError, TooManyPixelsError,
            UnsupportedImageError: the picture cannot be read, or not be written as asked.
        OutputExistsError: the output exists, or is the original.
        ImageError: the output cannot be written; base of all the errors above.
        ModelError: there is no such network, its file is damaged, or it takes no style.
        TypeError: `x` or `style` is of none of these kinds, or `output` or `overwrite` is given for
            an `x` that is not a path.
        ValueError: `temperature` or `saturation` is out of range.
    """
    settings = checked_settings(temperature, saturation, None if style is None else _frame(style))

    def color(frame: image.Frame) -> image.Frame:
        return load_colorizer(os.fspath(model)).colorize(frame, settings).frame

    if isinstance(x, (str, os.PathLike)):
        source = Path(x)
        target = default_output(source) if output is None else Path(output)
        refuse_overwriting(source, target, overwrite=overwrite)
        image.write(color(_frame(source)), target, overwrite=overwrite)
        return target
    if output is not None or overwrite:
        raise TypeError("output and overwrite are for paths; the colored picture is returned here")
    frame = _frame(x)
    if isinstance(x, bytes):
        return image.encode(color(frame))
    if isinstance(x, PilImage):
        return image.to_pil(color(_eight_bit(frame)))
    return _array(color(frame))


def _frame(x: Picture) -> image.Frame:
    """A picture of any kind, read."""
    if isinstance(x, (str, os.PathLike)):
        return image.read(Path(x))
    if isinstance(x, bytes):
        return image.decode(x)
    if isinstance(x, PilImage):
        return image.from_pil(x)
    if isinstance(x, np.ndarray):
        return image.from_array(x)
    raise TypeError(
        f"{type(x).__name__} is no picture; give a path, bytes, a PIL.Image or a numpy array"
    )


def refuse_overwriting(source: Path, target: Path, *, overwrite: bool) -> None:
    """Tell before the work is done what writing would refuse after it.

    Raises:
        OutputExistsError: the target is the source, or exists and `overwrite` is false.
    """
    if not os.path.lexists(target):
        return
    if source.exists() and target.exists() and source.samefile(target):
        raise OutputExistsError(f"{target}: is the original itself; choose another name")
    if not overwrite:
        raise OutputExistsError(
            f"{target}: exists already; allow overwriting (--force on the command line) or choose "
            "another name"
        )


def _eight_bit(frame: image.Frame) -> image.Frame:
    """The frame, unless its colored version would have no mode in Pillow."""
    if frame.bit_depth == 16:
        raise UnsupportedImageError(
            f"{frame.name}: Pillow holds no 16-bit color; give numpy.asarray(image), which comes "
            "back as 16-bit RGB, or convert it to mode L"
        )
    return frame


def _array(frame: image.Frame) -> Samples:
    """(H, W, 3), or (H, W, 4) with alpha."""
    if frame.alpha is None:
        return frame.pixels
    return np.concatenate([frame.pixels, frame.alpha[..., None]], axis=2)
