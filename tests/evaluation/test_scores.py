"""Figures of colorizers: exact for results that are known, whatever the pictures."""

import numpy as np
import pytest

from photochrom import image
from photochrom.color import srgb_to_lab
from photochrom.evaluation.scores import by, score
from photochrom.inference import Settings, load_engine, uncolored


def photograph(seed: int, height: int = 24, width: int = 32) -> image.Frame:
    """A picture with smooth colors and some texture."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return image.from_array(image.resize(coarse, height, width, kernel="linear"))


def test_the_original_itself_is_perfect() -> None:
    scores = score({"copy": lambda frame: frame}, [photograph(0), photograph(1)])["copy"]
    assert scores.pictures == 2
    assert scores.auc == 100
    assert scores.rebalanced_auc == 100
    assert scores.psnr == np.inf
    assert scores.colorfulness_ratio == 1


def test_grey_has_no_color_and_is_judged_by_the_chroma_it_lacks() -> None:
    original = photograph(2)
    scores = score({"grey": uncolored}, [original])["grey"]
    chroma = np.hypot(*np.moveaxis(srgb_to_lab(original.pixels / 255)[..., 1:], -1, 0))
    by_hand = np.mean([np.mean(chroma < t + 1) for t in range(151)])
    # Rounding to 8 bits leaves ab values below a hundredth.
    assert scores.auc == pytest.approx(100 * by_hand, abs=0.05)
    assert scores.colorfulness_ratio == 0
    assert scores.rebalanced_auc < scores.auc + 10


def test_half_the_chroma_lies_between_grey_and_the_original() -> None:
    def pale(frame: image.Frame) -> image.Frame:
        mixed = (frame.pixels.astype(int) + uncolored(frame).pixels) // 2
        return frame.with_pixels(mixed.astype(np.uint8))

    scores = score({"grey": uncolored, "pale": pale}, [photograph(3)])
    assert scores["grey"].auc < scores["pale"].auc < 100
    assert 0.4 < scores["pale"].colorfulness_ratio < 0.6


def test_pictures_may_have_any_size_and_depth() -> None:
    deep = image.from_array(photograph(4, 17, 5).pixels.astype(np.uint16) * 257)
    told: list[int] = []
    scores = score({"copy": lambda f: f}, [deep, photograph(5)], told.append)
    assert scores["copy"].pictures == 2
    assert told == [1, 2]


def test_an_empty_set_has_no_figures() -> None:
    with pytest.raises(ValueError, match="no p"):
        score({"grey": uncolored}, [])


def test_an_engine_is_a_way_to_color() -> None:
    engine = load_engine()
    vivid, none = (by(engine, Settings(saturation=s, working_size=64)) for s in (1.0, 0.0))
    scores = score({"vivid": vivid, "none": none}, [photograph(6, 40, 40)])
    assert scores["vivid"].colorfulness_ratio > 0
    assert scores["none"].colorfulness_ratio == 0
