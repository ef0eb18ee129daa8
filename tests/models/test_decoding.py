"""What a network should put out, what losses see of it, and the colors that it comes to."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from photochrom.color import CHROMA_SPACES, bin_centers, soft_encode, srgb_to_lab
from photochrom.models.decoding import BinsDecoding, Decoding, decoding, reduced

REGRESSING = [("chroma", "lab"), ("chroma", "yuv"), ("chroma", "hsl"), ("rgb", "lab")]
EVERY = [*REGRESSING, ("bins", "lab")]


@pytest.fixture
def srgb() -> Tensor:
    """Pictures `(2, 6, 5, 3)` of random colors."""
    return torch.rand(2, 6, 5, 3, generator=torch.Generator().manual_seed(0))


def seen(meaning: Decoding, raw: Tensor, srgb: Tensor, temperature: float = 0.38) -> Tensor:
    """The ab `(B, h, w, 2)` that a picture takes from a network's output."""
    ab, entropy = meaning(raw, srgb_to_lab(srgb)[..., 0], temperature)
    assert ab.shape == (len(srgb), 2, *srgb.shape[1:3])
    assert entropy.shape == srgb.shape[:3]
    return ab.movedim(1, -1)


@pytest.mark.parametrize(("kind", "space"), REGRESSING)
def test_a_network_that_puts_out_the_target_gets_the_true_colors(
    kind: str, space: str, srgb: Tensor
) -> None:
    meaning = decoding(kind, space)
    raw = meaning.target(srgb)
    assert raw.shape == (2, meaning.channels, 6, 5)
    assert raw.abs().max() <= 1
    torch.testing.assert_close(meaning.regressed(raw), meaning.target(srgb))
    torch.testing.assert_close(
        seen(meaning, raw, srgb), srgb_to_lab(srgb)[..., 1:], atol=0.02, rtol=0
    )


def test_bins_certain_of_the_nearest_are_off_by_half_a_cell_at_most(srgb: Tensor) -> None:
    """Cells of 10×10 reach 7.1 from their middle; at the rim of the gamut two cells further."""
    centers = torch.from_numpy(bin_centers().copy()).float()
    ab = srgb_to_lab(srgb)[..., 1:]
    nearest = torch.cdist(ab.reshape(-1, 2), centers).argmin(dim=1).reshape(2, 6, 5)
    raw = functional.one_hot(nearest, 313).movedim(-1, 1).float() * 100
    colors = seen(decoding("bins", "lab"), raw, srgb)
    torch.testing.assert_close(colors, centers[nearest])
    assert (colors - ab).norm(dim=-1).max() < 14.2


def test_bins_that_put_out_the_soft_target_come_near_the_true_colors(srgb: Tensor) -> None:
    meaning = decoding("bins", "lab")
    inside = srgb * 0.4 + 0.3  # away from the gamut's rim, where neighbors lie on one side only
    ab = srgb_to_lab(inside)[..., 1:]
    indices, weights = soft_encode(ab, bin_centers_of(ab))
    raw = torch.full((2, 6, 5, 313), -1e4).scatter(-1, indices, weights.log()).movedim(-1, 1)
    # The mean of the five nearest of a square grid is within a third of a cell of the place.
    assert (seen(meaning, raw, inside, 1.0) - ab).norm(dim=-1).max() < 10 / 3
    torch.testing.assert_close(
        meaning.regressed(raw) * 110, seen(meaning, raw, inside, 1.0).movedim(-1, 1)
    )
    torch.testing.assert_close(meaning.target(inside).movedim(1, -1) * 110, ab)


def bin_centers_of(like: Tensor) -> Tensor:
    return torch.from_numpy(bin_centers().copy()).to(like)


def test_temperature_goes_from_the_mean_to_the_mode() -> None:
    """Two bins, three to one: at 1 their mean, near 0 the likelier, at 1/2 their squares' mean."""
    meaning = BinsDecoding(torch.tensor([[0.0, 0.0], [40.0, -20.0]]))
    raw = torch.tensor([0.25, 0.75]).log().reshape(1, 2, 1, 1)
    shares = {1.0: 0.75, 0.5: 9 / 10, 0.01: 1.0}
    for temperature, share in shares.items():
        ab, entropy = meaning(raw, torch.full((1, 1, 1), 50.0), temperature)
        torch.testing.assert_close(ab.flatten(), share * torch.tensor([40.0, -20.0]))
        expected = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
        assert entropy.item() == pytest.approx(expected)  # whatever the temperature
    assert meaning.channels == 2
    torch.testing.assert_close(meaning.regressed(raw).flatten(), torch.tensor([30.0, -15.0]) / 110)


@pytest.mark.parametrize(("kind", "space"), REGRESSING)
def test_one_color_has_no_entropy_and_no_temperature(kind: str, space: str, srgb: Tensor) -> None:
    meaning = decoding(kind, space)
    raw, lightness = meaning.target(srgb), srgb_to_lab(srgb)[..., 0]
    cold, entropy = meaning(raw, lightness, torch.tensor(0.01))
    warm, _ = meaning(raw, lightness, torch.tensor(1.0))
    assert torch.equal(cold, warm)
    assert not entropy.any()


@pytest.mark.parametrize("space", ["lab", "yuv", "hsl"])
def test_chroma_is_of_its_space(space: str, srgb: Tensor) -> None:
    expected = CHROMA_SPACES[space].encode(srgb.double().numpy())
    target = decoding("chroma", space).target(srgb)
    np.testing.assert_allclose(target.movedim(1, -1).numpy(), expected, atol=1e-5)


def test_rgb_is_scaled_to_one_about_zero() -> None:
    srgb = torch.tensor([0.0, 0.5, 1.0]).reshape(1, 1, 1, 3)
    meaning = decoding("rgb", "lab")
    assert meaning.target(srgb).flatten().tolist() == [-1, 0, 1]
    assert (meaning.channels, meaning.colors) == (3, 3)


def test_rgb_gives_its_color_and_not_its_lightness(srgb: Tensor) -> None:
    """Drawn beyond black and white, it is cut off there."""
    meaning = decoding("rgb", "lab")
    raw = meaning.target(srgb) * 1.5
    drawn = srgb_to_lab((raw.clamp(-1, 1).movedim(1, -1) + 1) / 2)
    dark = torch.zeros_like(srgb)
    torch.testing.assert_close(seen(meaning, raw, dark), drawn[..., 1:])


@pytest.mark.parametrize(("kind", "space"), EVERY)
def test_colors_have_as_many_channels_as_declared(kind: str, space: str, srgb: Tensor) -> None:
    meaning = decoding(kind, space)
    raw = torch.randn(2, meaning.channels, 6, 5)
    assert meaning.regressed(raw).shape == (2, meaning.colors, 6, 5) == meaning.target(srgb).shape


@pytest.mark.parametrize(("kind", "space"), EVERY)
def test_gradients_of_a_distance_flow_to_every_output(kind: str, space: str, srgb: Tensor) -> None:
    meaning = decoding(kind, space)
    raw = torch.randn(2, meaning.channels, 6, 5).requires_grad_()
    functional.mse_loss(meaning.regressed(raw), meaning.target(srgb)).backward()
    assert raw.grad is not None
    assert raw.grad.isfinite().all()
    assert (raw.grad != 0).all(dim=(2, 3)).all()


@pytest.mark.parametrize(("kind", "space"), EVERY)
def test_losing_the_distance_finds_the_true_colors(kind: str, space: str, srgb: Tensor) -> None:
    """Outputs alone, without a network: what is made smaller is the distance that one sees."""
    inside = srgb * 0.4 + 0.3
    meaning = decoding(kind, space)
    raw = torch.zeros(2, meaning.channels, 6, 5, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=0.1)
    first = (seen(meaning, raw, inside, 1.0) - srgb_to_lab(inside)[..., 1:]).abs().max()
    for _ in range(120):
        optimizer.zero_grad()
        functional.mse_loss(meaning.regressed(raw), meaning.target(inside)).backward()
        optimizer.step()
    last = (seen(meaning, raw, inside, 1.0) - srgb_to_lab(inside)[..., 1:]).abs().max()
    assert first > 20
    assert last < 1


def test_classes_are_no_colors() -> None:
    with pytest.raises(ValueError, match="classes are no colors"):
        decoding("classes", "lab")


def test_reduced_is_the_mean_of_each_cell() -> None:
    planes = torch.arange(2 * 8 * 12, dtype=torch.float32).reshape(1, 2, 8, 12)
    by_hand = planes.reshape(1, 2, 2, 4, 3, 4).mean(dim=(3, 5))
    torch.testing.assert_close(reduced(planes, 2), by_hand)
    assert reduced(planes, 8) is planes
