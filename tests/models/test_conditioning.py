import logging
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor
from torch.export import Dim

from photochrom.models import catalog
from photochrom.models.conditioning import ClassConditioned
from photochrom.models.network import Network

CLASSES = 3


class Echo(Network):
    """Puts out what it is given, so that a test sees what the network within would."""

    size_multiple = 4
    stride = 1
    input_size = 12

    def forward(self, x: Tensor) -> Tensor:
        return x


def conditioned() -> ClassConditioned:
    torch.manual_seed(0)
    spec = catalog.spec("beta")
    model = ClassConditioned(spec.build(inputs=1 + CLASSES, **spec.trial), CLASSES).eval()
    decided(model)
    return model


def decided(model: ClassConditioned) -> None:
    """Let the classifier's answer depend on the picture: bright ones are 2, dark ones 0."""
    for layer in model.classifier:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.constant_(layer.weight, 1 / (9 * layer.in_channels))
    last = model.classifier[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.weight[2] = 1
        last.bias.copy_(torch.tensor([0.01, 0.005, 0.0]))


def pictures(height: int = 32, width: int = 64) -> Tensor:
    torch.manual_seed(1)
    levels = torch.tensor([-0.9, 0.7, 0.8, -0.2])[:, None, None, None]
    return (levels + 0.1 * torch.rand(4, 1, height, width)).contiguous()


def test_network_sees_one_map_of_ones_for_the_class_and_none_where_it_is_unknown() -> None:
    model, grey = ClassConditioned(Echo(), CLASSES).eval(), pictures(4, 8)
    with torch.no_grad():
        seen, logits = model.with_classes(grey, torch.tensor([1, -1, 0, 2]))
    assert seen.shape == (4, 1 + CLASSES, 4, 8)
    assert torch.equal(seen[:, :1], grey)
    expected = torch.tensor([[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]])
    assert torch.equal(seen[:, 1:, 2, 5], expected.float())
    assert torch.equal(seen[:, 1:].amin(dim=(2, 3)), seen[:, 1:].amax(dim=(2, 3)))
    assert logits.shape == (4, CLASSES)


def test_each_class_gives_other_colors() -> None:
    model, grey = conditioned(), pictures()[:1]
    with torch.no_grad():
        colors = [model.with_classes(grey, torch.tensor([label]))[0] for label in (-1, 0, 1, 2)]
    for at, one in enumerate(colors):
        assert all(not torch.allclose(one, other) for other in colors[at + 1 :])


def test_forward_is_told_what_the_classifier_says() -> None:
    model, grey = conditioned(), pictures()
    with torch.no_grad():
        said = model.classifier(grey).argmax(dim=1)
        colors, logits = model.with_classes(grey, said)
        torch.testing.assert_close(model(grey), colors)
    assert said.tolist() == [0, 2, 2, 0]
    assert torch.equal(logits.argmax(dim=1), said)


def test_classifier_says_the_same_whatever_the_labels() -> None:
    model, grey = conditioned(), pictures()
    with torch.no_grad():
        _, first = model.with_classes(grey, torch.tensor([0, 1, 2, -1]))
        _, second = model.with_classes(grey, torch.tensor([-1, -1, 0, 0]))
    assert torch.equal(first, second)


def test_colors_teach_the_network_and_classes_the_classifier() -> None:
    model = conditioned().train()
    colors, logits = model.with_classes(pictures(), torch.tensor([0, 1, 2, -1]))
    torch.autograd.backward(colors.square().mean())
    assert all(parameter.grad is None for parameter in model.classifier.parameters())
    for parameter in model.network.parameters():
        parameter.grad = None
    torch.autograd.backward(logits.square().mean())
    assert all(parameter.grad is None for parameter in model.network.parameters())
    assert all(parameter.grad is not None for parameter in model.classifier.parameters())


def test_learns_to_tell_dark_from_bright() -> None:
    torch.manual_seed(0)
    model = ClassConditioned(Echo(), 2).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    grey, labels = pictures(16, 16), torch.tensor([0, 1, 1, 0])
    for _ in range(20):
        _, logits = model.with_classes(grey, labels)
        optimizer.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(logits, labels))
        optimizer.step()
    assert torch.equal(logits.argmax(dim=1), labels)


def test_sizes_are_those_of_the_network_within() -> None:
    model = ClassConditioned(Echo(), CLASSES)
    assert (model.size_multiple, model.stride, model.input_size) == (4, 1, 12)
    assert ClassConditioned(catalog.spec("autochrome").build(inputs=4), 3).size_multiple == 32


@pytest.mark.parametrize("classes", [-1, 0, 1])
def test_one_class_is_no_choice(classes: int) -> None:
    with pytest.raises(ValueError, match=f"needs 2 classes or more, not {classes}"):
        ClassConditioned(Echo(), classes)


def test_onnx_runtime_chooses_the_same_classes_and_colors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = conditioned()
    shapes = ({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
    with warnings.catch_warnings(), caplog.at_level(logging.ERROR, "torch.onnx"):
        warnings.simplefilter("ignore")  # what the exporter says of itself
        program = torch.onnx.export(
            model,
            (torch.zeros(2, 1, 64, 96),),
            dynamo=True,
            dynamic_shapes=shapes,
            verbose=False,
        )
    assert program is not None
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    for height, width in ((32, 32), (32, 96), (64, 32)):
        grey = pictures(height, width)
        with torch.no_grad():
            expected = model(grey).numpy()
        (found,) = session.run(None, {session.get_inputs()[0].name: grey.numpy()})
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
