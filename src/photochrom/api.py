"""The Python call: a picture in, of whatever kind, and the same kind out, colored."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from . import image
from .archive import Order, color_bytes, color_file, settings_for
from .errors import OutputExistsError, UnsupportedImageError
from .inference import DEFAULT

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

Picture: TypeAlias = "str | os.PathLike[str] | bytes | PilImage | NDArray[Any]"
Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

_MARK = ".color"
_RESULT = re.compile(r"\.color(\.(\d+|confidence|overlay))?$")  # see `archive.beside`


def default_output(path: str | os.PathLike[str]) -> Path:
    """Where a picture's colored version goes unless told otherwise: photo.jpg, photo.color.jpg."""
    original = Path(path)
    return original.with_name(f"{original.stem}{_MARK}{original.suffix}")


def is_named_as_output(path: str | os.PathLike[str]) -> bool:
    """Whether a file is named as `default_output` names results, or as what comes beside them."""
    return _RESULT.search(Path(path).stem) is not None


@overload
def colorize(
    x: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: "Picture | None" = ...,
    order: Order | None = ...,
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
    style: "Picture | None" = ...,
    order: Order | None = ...,
) -> bytes: ...


@overload
def colorize(
    x: "PilImage",
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: "Picture | None" = ...,
    order: Order | None = ...,
) -> "PilImage": ...


@overload
def colorize(
    x: NDArray[Any],
    *,
    model: str | os.PathLike[str] = ...,
    temperature: float | None = ...,
    saturation: float = ...,
    style: "Picture | None" = ...,
    order: Order | None = ...,
) -> Samples: ...


def colorize(
    x: "Picture",
    *,
    model: str | os.PathLike[str] = DEFAULT,
    temperature: float | None = None,
    saturation: float = 1.0,
    style: "Picture | None" = None,
    order: Order | None = None,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> "Path | bytes | PilImage | Samples":
    """Color a picture.

    Size, bit depth, transparency, color profile and metadata stay what they are, and so does the
    luminance; a picture in color gets new color. Files say in their XMP how they were colored. The
    network is loaded once and kept.

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
        order: takes the place of the four above and says much more: hints, a reference picture,
            the profile of the result, signing, ...; see `photochrom.Order`.
        output: for paths: the file to write, in the format its ending means; by default
            `photo.color.jpg` beside `photo.jpg`.
        overwrite: for paths: replace `output` if it exists. The original itself never is.

    Raises:
        MissingFileError, EmptyFileError, NotAnImageError, TruncatedImageError, TooManyPixelsError,
            UnsupportedImageError: the picture cannot be read, or not be written as asked.
        OutputExistsError: the output exists, or is the original.
        ImageError: the output cannot be written; base of all the errors above.
        ModelError: there is no such network, its file is damaged, or it takes no style.
        HintError: the order's hints cannot be read.
        TypeError: `x` or `style` is of none of these kinds, `output` or `overwrite` is given for an
            `x` that is not a path, or `order` and what it takes the place of are both given.
        ValueError: `temperature` or `saturation` is out of range.
    """
    if order is None:
        order = Order(model=os.fspath(model), temperature=temperature, saturation=saturation)
    elif (os.fspath(model), temperature, saturation, style) != (DEFAULT, None, 1.0, None):
        raise TypeError("order says model, temperature, saturation and style; give either")
    with _styled(order, style) as order:
        colorizer = order.colorizer()
        if isinstance(x, (str, os.PathLike)):
            source = Path(x)
            target = default_output(source) if output is None else Path(output)
            refuse_overwriting(source, target, overwrite=overwrite)
            return color_file(source, target, colorizer, order, overwrite=overwrite).target
        if output is not None or overwrite:
            raise TypeError("output and overwrite are for paths; the picture is returned here")
        if isinstance(x, bytes):
            return color_bytes(x, colorizer, order)
        frame = _frame(x)
        if image.is_pil(x):
            frame = _eight_bit(frame)
        settings = settings_for(order, frame, frame.height, frame.width)
        colored = colorizer.colorize(frame, settings).frame
    return image.to_pil(colored) if image.is_pil(x) else _array(colored)


@contextmanager
def _styled(order: Order, style: "Picture | None") -> Iterator[Order]:
    """The order with a style, for which a picture that is no file becomes one."""
    if style is None:
        yield order
    elif isinstance(style, (str, os.PathLike)):
        yield replace(order, style=os.fspath(style))
    else:
        with TemporaryDirectory(prefix="photochrom-") as folder:
            path = Path(folder, "style.png")
            image.write(_frame(style), path)
            yield replace(order, style=str(path))


def _frame(x: "Picture") -> image.Frame:
    """A picture of any kind, read."""
    if isinstance(x, (str, os.PathLike)):
        return image.read(Path(x))
    if isinstance(x, bytes):
        return image.decode(x)
    if image.is_pil(x):
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
