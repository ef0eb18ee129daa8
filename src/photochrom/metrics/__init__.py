"""Figures of merit: arrays in, numbers out (numpy only)."""

from .ab import ab_distance, ab_rmse, auc
from .curve import AbErrorCurve
from .psnr import psnr

__all__ = ["AbErrorCurve", "ab_distance", "ab_rmse", "auc", "psnr"]
