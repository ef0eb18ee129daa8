"""What every public function of `color` promises, whatever it computes."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import color
from photochrom.color.array import root

Generator = np.random.Generator
Arguments = Callable[[Generator], list[Any]]


def _srgb(rng: Generator) -> list[Any]:
    return [rng.uniform(0.01, 0.99, (3, 4, 3))]


def _inside(rng: Generator) -> list[Any]:
    return [color.srgb_to_lab(rng.uniform(0.05, 0.95, (3, 4, 3)))]


def _lab(rng: Generator) -> list[Any]:
    return [rng.uniform([1, -90, -90], [99, 90, 90], (3, 4, 3))]


def _lightness(rng: Generator) -> list[Any]:
    return [rng.uniform(0.5, 99, (3, 4))]


def _logits(rng: Generator) -> list[Any]:
    return [rng.normal(0, 2, (2, 3, 7))]


def _encoded(ab: Any) -> Any:
    """The weights alone, in order: which of equals comes first is open."""
    weights = color.soft_encode(ab, color.bin_centers())[1]
    return torch.sort(weights).values if isinstance(weights, torch.Tensor) else np.sort(weights)


def _annealed(logits: Any) -> Any:
    return color.annealed_mean(logits, color.bin_centers()[:7], 0.38)


def _hsl(rng: Generator) -> list[Any]:
    return [rng.uniform([0.01, 0.05, 0.05], [0.99, 0.95, 0.95], (3, 4, 3))]


def _chroma(rng: Generator) -> list[Any]:
    return [rng.uniform(0.5, 99, (3, 4)), rng.uniform(-1, 1, (3, 4, 2))]


SMOOTH: dict[str, tuple[Callable[..., Any], Arguments]] = {
    "annealed_mean": (_annealed, _logits),
    "ciede2000": (color.ciede2000, lambda rng: _lab(rng) + _lab(rng)),
    "colorfulness": (color.colorfulness, _srgb),
    "delta_e_76": (color.delta_e_76, lambda rng: _lab(rng) + _lab(rng)),
    "entropy": (color.entropy, _logits),
    "fit_chroma": (color.fit_chroma, _inside),
    "fit_to_linear": (color.fit_to_linear, _inside),
    "grey_to_lightness": (color.grey_to_lightness, _srgb),
    "hsl_to_rgb": (color.hsl_to_rgb, _hsl),
    "lab_to_lch": (color.lab_to_lch, _lab),
    "lab_to_linear": (color.lab_to_linear, _lab),
    "lab_to_srgb": (color.lab_to_srgb, _lab),
    "lab_to_xyz": (color.lab_to_xyz, _lab),
    "lch_to_lab": (color.lch_to_lab, _lab),
    "lightness_to_grey": (color.lightness_to_grey, _lightness),
    "linear_to_lightness": (color.linear_to_lightness, _srgb),
    "linear_to_srgb": (color.linear_to_srgb, _srgb),
    "linear_to_xyz": (color.linear_to_xyz, _srgb),
    "log_softmax": (color.log_softmax, _logits),
    "polar": (color.polar, lambda rng: [_lab(rng)[0][..., 1], _lab(rng)[0][..., 2]]),
    "rebalancing_weights": (color.rebalancing_weights, lambda rng: [rng.dirichlet(np.ones(7))]),
    "rgb_to_hsl": (color.rgb_to_hsl, _srgb),
    "rgb_to_yuv": (color.rgb_to_yuv, _srgb),
    "root": (root, _srgb),
    "soft_encode": (_encoded, lambda rng: [rng.uniform(-60, 60, (5, 2))]),
    "srgb_to_lab": (color.srgb_to_lab, _srgb),
    "srgb_to_linear": (color.srgb_to_linear, _srgb),
    "xyz_to_lab": (color.xyz_to_lab, _srgb),
    "xyz_to_linear": (color.xyz_to_linear, _srgb),
    "yuv_to_rgb": (color.yuv_to_rgb, _srgb),
    **{f"{name}.encode": (space.encode, _srgb) for name, space in color.CHROMA_SPACES.items()},
}
STEPPED: dict[str, tuple[Callable[..., Any], Arguments]] = {
    "in_srgb": (color.in_srgb, _lab),
    "fit_chroma beyond sRGB": (color.fit_chroma, _lab),
    "fit_to_linear beyond sRGB": (color.fit_to_linear, _lab),
    **{
        f"{name}.decode beyond sRGB": (space.decode, _chroma)
        for name, space in color.CHROMA_SPACES.items()
    },
}
EVERY = {**SMOOTH, **STEPPED}
# The bins are made from nothing, and their prior is counted in numpy alone, as it says; the
# functions of chroma spaces are in the table under the spaces' names.
EXCEPTED = {"bin_centers", "prior_of", "ChromaSpace", "Encoding"}


def _parts(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def test_the_table_holds_every_public_function():
    public = {name for name in color.__all__ if callable(getattr(color, name))}
    assert public - EXCEPTED <= set(EVERY)


@pytest.mark.parametrize("name", EVERY)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_numpy_and_torch_agree(name, seed):
    function, arguments = EVERY[name]
    arrays = arguments(np.random.default_rng(seed))
    by_numpy = _parts(function(*arrays))
    by_torch = _parts(function(*(torch.tensor(array) for array in arrays)))
    for one, other in zip(by_numpy, by_torch, strict=True):
        assert isinstance(other, torch.Tensor)
        # Bisection may end one step apart.
        atol = 0.02 if name.endswith("beyond sRGB") else 1e-9
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-9, atol=atol)


@pytest.mark.parametrize("name", EVERY)
def test_float32_stays_float32(name):
    function, arguments = EVERY[name]
    arrays = [array.astype(np.float32) for array in arguments(np.random.default_rng(0))]
    for one in _parts(function(*arrays)):
        assert one.dtype in (np.float32, np.bool_)
    for one in _parts(function(*(torch.from_numpy(array) for array in arrays))):
        assert one.dtype in (torch.float32, torch.bool)


@pytest.mark.parametrize("name", EVERY)
def test_arguments_are_not_written_to(name):
    function, arguments = EVERY[name]
    arrays = arguments(np.random.default_rng(0))
    copies = [array.copy() for array in arrays]
    function(*arrays)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name):
    function, arguments = SMOOTH[name]
    arrays = arguments(np.random.default_rng(1))
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    assert torch.autograd.gradcheck(function, tensors)


def test_importing_color_loads_no_framework():
    heavy = "{'torch', 'scipy', 'skimage', 'pyvips', 'PIL', 'onnxruntime'}"
    code = f"import sys, photochrom.color; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
