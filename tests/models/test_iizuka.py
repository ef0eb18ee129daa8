import logging
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from photochrom.models.iizuka import Fusion, Iizuka

# Giollo's lists: (kernel, outputs, stride) of convolutions, outputs of linear layers. Each has
# batch normalization and ReLU behind it but the last of `coln`, and here the last of `classn`.
LLN = [(3, 64, 2), (3, 128, 1), (3, 128, 2), (3, 256, 1), (3, 256, 2), (3, 512, 1)]
MLN = [(3, 512, 1), (3, 256, 1)]
GLN = [(3, 512, 2), (3, 512, 1), (3, 512, 2), (3, 512, 1), 1024, 512]
GLN2 = [256]
CLASSN = [256, 4314]
COLN = [(3, 256, 1), (3, 128, 1), "up", (3, 64, 1), (3, 64, 1), "up", (3, 32, 1), (3, 2, 1), "up"]


def small(fusion: Fusion = "concatenate", *, channels: int = 2, classes: int = 0) -> Iizuka:
    torch.manual_seed(0)
    return Iizuka(channels=channels, classes=classes, fusion=fusion, global_size=32).eval()


def grey(height: int, width: int, seed: int = 1) -> Tensor:
    return torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def weighted(part: nn.Sequential) -> list[tuple[int, int, int] | int | str]:
    found: list[tuple[int, int, int] | int | str] = []
    for layer in part:
        if isinstance(layer, nn.Conv2d):
            assert layer.padding == (layer.kernel_size[0] // 2,) * 2
            found.append((layer.kernel_size[0], layer.out_channels, layer.stride[0]))
        elif isinstance(layer, nn.Linear):
            found.append(layer.out_features)
        elif isinstance(layer, nn.Upsample):
            assert layer.mode == "nearest"
            found.append("up")
    return found


def test_has_the_layers_of_the_list() -> None:
    with torch.device("meta"):
        model = Iizuka(classes=4314)
    assert model.classification is not None
    assert weighted(model.low_level) == LLN
    assert weighted(model.mid_level) == MLN
    assert weighted(model.global_level) == GLN
    assert weighted(model.scene) == GLN2
    assert weighted(model.classification) == CLASSN
    assert weighted(model.colorization) == COLN


def test_every_layer_is_normalized_and_rectified_but_the_last_ones() -> None:
    with torch.device("meta"):
        model = Iizuka(classes=9)
    assert model.classification is not None
    assert model.joined is not None
    ends = {id(model.classification[-1]), id(model.colorization[-3])}
    parts = [model.low_level, model.mid_level, model.global_level, model.scene, model.joined]
    for part in [*parts, model.classification, model.colorization]:
        layers = list(part)
        for at, layer in enumerate(layers):
            if isinstance(layer, nn.Conv2d | nn.Linear) and id(layer) not in ends:
                assert isinstance(layers[at + 1], nn.BatchNorm2d | nn.BatchNorm1d)
                assert isinstance(layers[at + 2], nn.ReLU)


def test_parameters_summed_by_hand() -> None:
    """At 224 × 224, 7 × 7 × 512 numbers reach the first linear layer. No biases before norms."""
    widths = [(1, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512)]
    widths += [(512, 512), (512, 256)]
    widths += [(512, 512)] * 4
    widths += [(256, 256), (256, 128), (128, 64), (64, 64), (64, 32)]
    expected = sum(9 * i * o + 2 * o for i, o in widths) + (9 * 32 * 2 + 2)
    linear = [(7 * 7 * 512, 1024), (1024, 512), (512, 256), (512, 256)]
    expected += sum(i * o + 2 * o for i, o in linear) + (256 * 205 + 205)
    with torch.device("meta"):
        added, concatenated = Iizuka(classes=205, fusion="add"), Iizuka(classes=205)
    assert sum(p.numel() for p in added.parameters()) == expected
    fusion = 512 * 256 + 2 * 256
    assert sum(p.numel() for p in concatenated.parameters()) == expected + fusion


@pytest.mark.parametrize("fusion", ["concatenate", "add"])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (24, 40), (56, 8)])
def test_any_size_comes_out_as_it_went_in(fusion: Fusion, height: int, width: int) -> None:
    with torch.no_grad():
        colors = small(fusion)(grey(height, width))
    assert colors.shape == (2, 2, height, width)


def parts(model: Iizuka, x: Tensor, style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What enters the colorization network, and the local and global features it is made of."""
    caught: dict[str, Tensor] = {}
    hooks = [
        model.mid_level.register_forward_hook(lambda m, i, o: caught.update(mid=o)),
        model.scene.register_forward_hook(lambda m, i, o: caught.update(scene=o)),
        # A copy: the layers behind may compute in place.
        model.colorization.register_forward_pre_hook(
            lambda m, i: caught.update(fused=i[0].clone())
        ),
    ]
    with torch.no_grad():
        model.styled(x, style)
    for hook in hooks:
        hook.remove()
    return caught["fused"], caught["mid"], caught["scene"][:, :, None, None]


def test_fusion_by_addition() -> None:
    fused, mid, scene = parts(small("add"), grey(24, 40), grey(64, 48, seed=2))
    assert scene.any()
    torch.testing.assert_close(fused, mid + scene)


def test_fusion_by_concatenation_is_a_linear_layer_on_both() -> None:
    """Per pixel ReLU(W_local · local + W_global · global), but for the normalization."""
    model = small("concatenate")
    fused, mid, scene = parts(model, grey(24, 40), grey(64, 48, seed=2))
    assert model.joined is not None
    weight = model.joined[0].weight[:, :, 0, 0]
    local = torch.einsum("oc,bchw->bohw", weight[:, :256], mid)
    everywhere = torch.einsum("oc,bchw->bohw", weight[:, 256:], scene)
    expected = torch.relu(local + everywhere) / (1 + 1e-5) ** 0.5  # as untrained statistics do it
    torch.testing.assert_close(fused, expected, rtol=1e-4, atol=1e-4)


def low_level_sizes(model: Iizuka, height: int, width: int) -> list[tuple[int, ...]]:
    seen: list[tuple[int, ...]] = []
    model.low_level.register_forward_pre_hook(lambda m, i: seen.append(tuple(i[0].shape[2:])))
    with torch.no_grad():
        model(grey(height, width))
    return seen


def test_global_features_come_from_a_copy_through_the_same_low_level_weights() -> None:
    assert low_level_sizes(small(), 24, 40) == [(24, 40), (32, 32)]


def test_low_level_features_are_computed_once_where_the_sizes_agree() -> None:
    assert low_level_sizes(small(), 32, 32) == [(32, 32)]


@pytest.mark.parametrize("fusion", ["concatenate", "add"])
def test_scene_reaches_every_pixel(fusion: Fusion) -> None:
    model = small(fusion)
    picture = torch.zeros(1, 1, 8, 512)
    changed = picture.clone()
    changed[..., :64] = 1
    with torch.no_grad():
        difference = (model(picture) - model(changed))[0, :, -1, -1]
        own = (model.styled(picture, picture) - model.styled(changed, picture))[0, :, -1, -1]
    assert difference.any()
    assert not own.any()  # the local way does not reach that far


def test_sigmoid_in_the_paper_is_half_of_ours() -> None:
    """(ours + 1) / 2 is the sigmoid, so that 0.25 of our squared error is the paper's."""
    model, caught = small(), []
    model.colorization[-3].register_forward_hook(lambda m, i, o: caught.append(o.clone()))
    with torch.no_grad():
        ours = model(grey(16, 24))[:, :, ::2, ::2]
    paper = 1 / (1 + torch.exp(-caught[0]))
    target = torch.linspace(0, 1, paper.numel()).view_as(paper)
    torch.testing.assert_close((ours + 1) / 2, paper)
    error = (ours - (2 * target - 1)).square().mean()
    torch.testing.assert_close(0.25 * error, (paper - target).square().mean())


@pytest.mark.parametrize(("channels", "bounded"), [(2, True), (3, True), (313, False)])
def test_sigmoid_bounds_colors_and_not_logits(channels: int, bounded: bool) -> None:
    model = small(channels=channels)
    with torch.no_grad():
        model.colorization[-3].weight.mul_(1000)
        raw = model(grey(24, 24))
    assert bool(raw.abs().max() <= 1) == bounded
    assert raw.abs().max() > 0.9


def test_style_is_the_same_everywhere() -> None:
    """Two styles of one picture differ, before the colorization, by one vector for all pixels."""
    model, picture = small("add"), grey(24, 40)
    one, _, _ = parts(model, picture, grey(64, 48, seed=2))
    other, _, _ = parts(model, picture, grey(32, 32, seed=3))
    difference = one - other
    assert difference.abs().max() > 1e-3
    torch.testing.assert_close(difference, difference[:, :, :1, :1].expand_as(difference))


def test_coloring_uses_no_classification() -> None:
    model = small(classes=7).train()
    torch.autograd.backward(model(grey(16, 16)).square().sum())
    unused = {name for name, p in model.named_parameters() if p.grad is None}
    assert unused == {n for n, _ in model.named_parameters() if n.startswith("classification.")}
    assert unused


def test_classes_and_colors_come_from_one_pass() -> None:
    model = small(classes=7)
    with torch.no_grad():
        colors, classes = model.colors_and_classes(grey(24, 16))
        torch.testing.assert_close(colors, model(grey(24, 16)))
    assert classes.shape == (2, 7)
    assert classes.min() < 0  # logits without a ReLU behind them


def test_onnx_runtime_agrees_at_every_size(caplog: pytest.LogCaptureFixture) -> None:
    """Also at the size of the copy, where PyTorch computes low-level features once."""
    model = small(classes=7)
    shapes = ({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
    with warnings.catch_warnings(), caplog.at_level(logging.ERROR, "torch.onnx"):
        warnings.simplefilter("ignore")  # what the exporter says of itself
        program = torch.onnx.export(
            model,
            (torch.zeros(2, 1, 16, 24),),
            dynamo=True,
            dynamic_shapes=shapes,
            verbose=False,
        )
    assert program is not None
    assert not [n for n in program.model.graph.initializers if n.startswith("classification.")]
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    for height, width in ((32, 32), (8, 40), (72, 56)):
        with torch.no_grad():
            expected = model(grey(height, width)).numpy()
        name = session.get_inputs()[0].name
        (found,) = session.run(None, {name: grey(height, width).numpy()})
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_classes_are_told_without_classes() -> None:
    with pytest.raises(ValueError, match="built without classes"):
        small().colors_and_classes(grey(8, 8))


@pytest.mark.parametrize("size", [0, -32, 100, 225])
def test_global_size_must_fit(size: int) -> None:
    with pytest.raises(ValueError, match=f"global_size {size} is no multiple of 32"):
        Iizuka(global_size=size)


def test_unknown_fusion_is_told_which_there_are() -> None:
    with pytest.raises(ValueError, match="'plus' is none of concatenate, add"):
        Iizuka(fusion="plus")  # type: ignore[arg-type]
