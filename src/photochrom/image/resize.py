"""Arrays of another size: antialiased when they shrink, exact in size always."""

from typing import Any, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import pyvips

Kernel = Literal["lanczos3", "cubic", "linear"]
"""lanczos3 is the sharpest (and enlarges as cubic) and overshoots at edges; linear never leaves the
range of its input."""

_INTERPOLATORS: dict[Kernel, str] = {
    "lanczos3": "bicubic",  # libvips enlarges no sharper than that
    "cubic": "bicubic",
    "linear": "bilinear",
}

_Array = TypeVar("_Array", bound=npt.NDArray[Any])


def resize(array: _Array, height: int, width: int, *, kernel: Kernel = "lanczos3") -> _Array:
    """The array, (H, W) or (H, W, C), at `height` x `width`; dtype and rank stay.

    uint8 and uint16 are rounded and held to their range; float32 may overshoot it, except with
    `kernel="linear"`. Centers of pixels are aligned, as in Pillow, so that chroma enlarged from a
    small picture lies where its luminance is. Raises ValueError for other dtypes, ranks or sizes.
    """
    if array.dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"cannot resize {array.dtype}; give uint8, uint16 or float32")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(f"cannot resize shape {array.shape}; give (H, W) or (H, W, C), not empty")
    if height < 1 or width < 1:
        raise ValueError(f"cannot resize to {height} x {width}; give at least 1 x 1")
    if kernel not in get_args(Kernel):
        raise ValueError(f"no kernel {kernel!r}; use one of {', '.join(get_args(Kernel))}")
    if array.shape[:2] == (height, width):
        return array.copy()
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array))
    image = _shrunk(image, min(height, image.height), min(width, image.width), kernel)
    image = _enlarged(image, height, width, kernel)
    return image.numpy().reshape(height, width, *array.shape[2:])  # type: ignore[no-any-return]


def _shrunk(image: Any, height: int, width: int, kernel: Kernel) -> Any:
    if (image.height, image.width) == (height, width):
        return image
    return image.resize(width / image.width, vscale=height / image.height, kernel=kernel)


def _enlarged(image: Any, height: int, width: int, kernel: Kernel) -> Any:
    """By an affine map of our own: that of libvips' `resize` (8.18) puts an enlarged picture half
    a pixel off its place, which would part the colors from their edges.
    """
    if (image.height, image.width) == (height, width):
        return image
    interpolate = pyvips.Interpolate.new(_INTERPOLATORS[kernel])
    return image.affine(
        [width / image.width, 0, 0, height / image.height],
        interpolate=interpolate,
        oarea=[0, 0, width, height],
        idx=0.5,
        idy=0.5,
        odx=-0.5,
        ody=-0.5,
        extend="copy",
    )
