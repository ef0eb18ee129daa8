"""The flagship's bounds: what makes it fit for a laptop."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from photochrom.models.autochrome import SPEC, Autochrome


def test_is_small() -> None:
    assert sum(parameter.numel() for parameter in Autochrome().parameters()) <= 6_000_000


def test_is_cheap() -> None:
    """At 256 × 256, a multiply-add counted as two operations."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:  # counts, computes not
        Autochrome().eval()(torch.zeros(1, 1, 256, 256))
    assert 0.5e9 < counter.get_total_flops() <= 5e9


def test_widths_are_a_setting() -> None:
    with torch.no_grad():
        logits = SPEC.build(widths=[16, 8, 4]).eval()(torch.zeros(1, 1, 32, 32))
    assert logits.shape == (1, 313, 8, 8)


def test_scene_reaches_every_pixel() -> None:
    """A change in one corner changes the far corner: the global branch is connected."""
    torch.manual_seed(0)
    model = Autochrome().eval()
    picture = torch.zeros(1, 1, 32, 512)
    changed = picture.clone()
    changed[..., :16, :16] = 1
    with torch.no_grad():
        seen = (model(picture) - model(changed))[0, :, -1, -1]
        for parameter in model.context.parameters():
            parameter.zero_()
        cut_off = (model(picture) - model(changed))[0, :, -1, -1]
    assert seen.any()
    assert not cut_off.any()
