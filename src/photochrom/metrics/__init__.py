"""Figures of merit: arrays in, numbers out (numpy only)."""

from .ab import ab_distance, ab_rmse, auc
from .calibration import (
    Reliability,
    ReliabilityCurve,
    expected_calibration_error,
    negative_log_likelihood,
)
from .curve import AbErrorCurve
from .frechet import FeatureMoments, frechet_distance
from .hues import Hues, hues
from .intervals import (
    Interval,
    bootstrap_weights,
    cluster_bootstrap,
    percentile_interval,
    raters_needed,
    wilson,
)
from .psnr import psnr
from .structure import Structure, StructureOf

__all__ = [
    "AbErrorCurve",
    "FeatureMoments",
    "Hues",
    "Interval",
    "Reliability",
    "ReliabilityCurve",
    "Structure",
    "StructureOf",
    "ab_distance",
    "ab_rmse",
    "auc",
    "bootstrap_weights",
    "cluster_bootstrap",
    "expected_calibration_error",
    "frechet_distance",
    "hues",
    "negative_log_likelihood",
    "percentile_interval",
    "psnr",
    "raters_needed",
    "wilson",
]
