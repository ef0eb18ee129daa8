"""Whether colors depend on the size: told for colorizers whose dependence is known."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from photochrom import image
from photochrom.evaluation.baselines import tinted
from photochrom.evaluation.sizes import unsteadiness

SIZES = (32, 64, 128)
GREY = image.from_array(np.full((64, 64), 119, dtype=np.uint8))


def test_one_tint_for_all_sizes_is_steady() -> None:
    assert unsteadiness(lambda frame: tinted(frame, (20, 10)), GREY, SIZES) < 0.01


def test_a_tint_that_grows_with_the_size_is_as_unsteady_as_its_tints_differ() -> None:
    def by_size(frame: image.Frame) -> image.Frame:
        return tinted(frame, (frame.height / 8, 0))

    labs = [rgb2lab(tinted(GREY, (size / 8, 0)).pixels[:1, :1] / 255) for size in SIZES]
    pairs = [(labs[0], labs[1]), (labs[0], labs[2]), (labs[1], labs[2])]
    expected = np.mean([deltaE_ciede2000(one, other) for one, other in pairs])
    assert unsteadiness(by_size, GREY, SIZES) == pytest.approx(expected, abs=0.02)
