"""Figures of merit: arrays in, numbers out (numpy only)."""

from .ab import ab_distance, ab_rmse, auc
from .curve import AbErrorCurve
from .psnr import psnr
from .structure import Structure, StructureOf

__all__ = [
    "AbErrorCurve",
    "Structure",
    "StructureOf",
    "ab_distance",
    "ab_rmse",
    "auc",
    "psnr",
]
