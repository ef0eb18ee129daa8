"""Color science, written once for numpy and torch: sRGB, Lab, bins of the ab plane, the gamut."""

from .bins import (
    GRID_STEP,
    annealed_mean,
    bin_centers,
    entropy,
    log_softmax,
    prior_of,
    rebalancing_weights,
    soft_encode,
)
from .chroma import CHROMA_SPACES, ChromaSpace
from .colorfulness import colorfulness
from .delta_e import ciede2000, delta_e_76
from .encoding import SRGB, Encoding
from .gamut import fit_chroma, fit_to_linear, in_srgb
from .hsl import hsl_to_rgb, rgb_to_hsl
from .lab import (
    grey_to_lightness,
    lab_to_lch,
    lab_to_linear,
    lab_to_srgb,
    lab_to_xyz,
    lch_to_lab,
    lightness_to_grey,
    linear_to_lightness,
    polar,
    srgb_to_lab,
    xyz_to_lab,
)
from .srgb import (
    WHITE,
    linear_to_srgb,
    linear_to_xyz,
    srgb_to_linear,
    xyz_to_linear,
)
from .yuv import rgb_to_yuv, yuv_to_rgb

__all__ = [
    "CHROMA_SPACES",
    "GRID_STEP",
    "SRGB",
    "WHITE",
    "ChromaSpace",
    "Encoding",
    "annealed_mean",
    "bin_centers",
    "ciede2000",
    "colorfulness",
    "delta_e_76",
    "entropy",
    "fit_chroma",
    "fit_to_linear",
    "grey_to_lightness",
    "hsl_to_rgb",
    "in_srgb",
    "lab_to_lch",
    "lab_to_linear",
    "lab_to_srgb",
    "lab_to_xyz",
    "lch_to_lab",
    "lightness_to_grey",
    "linear_to_lightness",
    "linear_to_srgb",
    "linear_to_xyz",
    "log_softmax",
    "polar",
    "prior_of",
    "rebalancing_weights",
    "rgb_to_hsl",
    "rgb_to_yuv",
    "soft_encode",
    "srgb_to_lab",
    "srgb_to_linear",
    "xyz_to_lab",
    "xyz_to_linear",
    "yuv_to_rgb",
]
