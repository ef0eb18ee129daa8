"""Every network of the catalog, with each of its outputs, from PyTorch to colored pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from photochrom import image
from photochrom.color import srgb_to_lab
from photochrom.export.assemble import output_of
from photochrom.export.graph import Decoded, Probabilities, Styled
from photochrom.export.onnx import export, tolerance
from photochrom.inference import Card, Classifier, Engine, Settings
from photochrom.inference.session import Session
from photochrom.models import catalog
from photochrom.models.decoding import decoding
from photochrom.models.network import Network, Stylist
from photochrom.models.spec import Kind

CHANNELS: dict[Kind, int] = {"bins": 313, "chroma": 2, "rgb": 3, "classes": 4}
QUICK = {("zhang2016", "bins"), ("rudimentary", "rgb")}  # free sizes, and one; exports take seconds


def _cases() -> list[object]:
    """Networks and outputs; chroma in a space of its own each where many share the rest."""
    cases = []
    for name in catalog.names():
        for kind in catalog.spec(name).outputs:
            spaces = ("lab", "yuv") if (name, kind) == ("noise", "chroma") else ("lab",)
            marks = () if (name, kind) in QUICK else pytest.mark.slow
            cases += [pytest.param(name, kind, space, marks=marks) for space in spaces]
    # One network for the slowest graph: the search within HSL takes half a minute to export.
    return [*cases, pytest.param("searchspace", "chroma", "hsl", marks=pytest.mark.slow)]


def _check_distribution(exported: Session, network: Network) -> None:
    """At a size that was not traced, the graph's logits are what PyTorch puts out."""
    side = exported.card.smallest
    shape = (side, side) if network.input_size else (side, 4 * side)
    lightness = np.random.default_rng(1).uniform(0, 100, shape).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(lightness / 50 - 1)[None, None])[0].movedim(0, -1)
    np.testing.assert_allclose(exported.distribution(lightness), expected, atol=1e-3)


@pytest.mark.parametrize(("name", "kind", "space"), _cases())
def test_every_network_is_exported_and_colors_pictures_of_odd_sizes(
    name: str, kind: Kind, space: str, blank: Card, tmp_path: Path
) -> None:
    spec = catalog.spec(name)
    torch.manual_seed(0)
    network = spec.build(inputs=1, channels=CHANNELS[kind], **spec.trial)
    told = {
        "name": name,
        "output": output_of(kind, space),
        "size_multiple": network.size_multiple,
        "input_size": network.input_size,
        "working_size": 48,
        "style": isinstance(network, Stylist),
        "distribution": kind == "bins",
        "classes": ("a", "b", "c", "d") if kind == "classes" else (),
    }
    card = blank.model_copy(update=told)
    path = tmp_path / f"{name}.onnx"
    random = np.random.default_rng(0)
    if kind == "classes":
        assert export(Probabilities(network), card, path) <= tolerance(card)
        frame = image.from_array(random.integers(0, 256, (37, 53), dtype=np.uint8))
        shares = Classifier(path.read_bytes(), name).classify(frame)
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        return
    wrapper = Styled if card.style else Decoded
    assert export(wrapper(network, decoding(kind, space)), card, path) <= tolerance(card)
    engine = Engine(Session(path.read_bytes(), name))
    if kind == "bins":
        _check_distribution(engine.network, network)
    grey = random.integers(0, 65536, (37, 53, 1), dtype=np.uint16)
    for settings in (Settings(), *([Settings(style=image.from_array(grey))] * card.style)):
        colored = engine.colorize(image.from_array(grey), settings)
        pixels = colored.frame.pixels
        assert pixels.shape == (37, 53, 3)
        assert np.isfinite(colored.entropy).all()
        before = srgb_to_lab(np.repeat(grey, 3, axis=2) / 65535)[..., 0]
        assert np.abs(srgb_to_lab(pixels / 65535)[..., 0] - before).max() < 0.01
        assert (np.ptp(pixels.astype(int), axis=2) > 0).any()
