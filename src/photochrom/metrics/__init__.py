"""Figures of merit: arrays in, numbers out (numpy only)."""

from .ab import ab_distance, ab_psnr, ab_rmse, auc, pixel_l2
from .bleeding import bleeding
from .calibration import (
    Reliability,
    ReliabilityCurve,
    expected_calibration_error,
    negative_log_likelihood,
)
from .curve import CELLS, AbErrorCurve, CellScores, cell_scores
from .delta_cf import delta_cf_of_means, mean_delta_cf
from .difference import mean_ciede2000
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
from .spots import spottedness
from .stability import size_drift
from .steadiness import flicker, relative_flicker
from .structure import Structure, StructureOf

__all__ = [
    "CELLS",
    "AbErrorCurve",
    "CellScores",
    "FeatureMoments",
    "Hues",
    "Interval",
    "Reliability",
    "ReliabilityCurve",
    "Structure",
    "StructureOf",
    "ab_distance",
    "ab_psnr",
    "ab_rmse",
    "auc",
    "bleeding",
    "bootstrap_weights",
    "cell_scores",
    "cluster_bootstrap",
    "delta_cf_of_means",
    "expected_calibration_error",
    "flicker",
    "frechet_distance",
    "hues",
    "mean_ciede2000",
    "mean_delta_cf",
    "negative_log_likelihood",
    "percentile_interval",
    "pixel_l2",
    "psnr",
    "raters_needed",
    "relative_flicker",
    "size_drift",
    "spottedness",
    "wilson",
]
