"""The network of Zhang, Isola and Efros 2016 against the paper and against its published port."""

import pytest
import torch
from torch import Tensor, nn

from photochrom.errors import ModelError
from photochrom.models.decoding import BinsDecoding
from photochrom.models.zhang2016 import Zhang2016, from_published

LAYERS = [  # inputs, outputs, kernel, stride, padding, dilation: the list of the article's code
    (1, 64, 3, 1, 1, 1),
    (64, 64, 3, 2, 1, 1),
    (64, 128, 3, 1, 1, 1),
    (128, 128, 3, 2, 1, 1),
    (128, 256, 3, 1, 1, 1),
    (256, 256, 3, 1, 1, 1),
    (256, 256, 3, 2, 1, 1),
    (256, 512, 3, 1, 1, 1),
    (512, 512, 3, 1, 1, 1),
    (512, 512, 3, 1, 1, 1),
    *[(512, 512, 3, 1, 2, 2)] * 6,
    *[(512, 512, 3, 1, 1, 1)] * 3,
    (512, 256, 4, 2, 1, 1),  # transposed
    (256, 256, 3, 1, 1, 1),
    (256, 256, 3, 1, 1, 1),
    (256, 313, 3, 1, 1, 1),
]


def _on_meta(**settings: int) -> Zhang2016:
    with torch.device("meta"):
        return Zhang2016(**settings)  # type: ignore[arg-type]


class Port(nn.Module):
    """The published PyTorch port's layout, as an independent reference."""

    def __init__(self) -> None:
        super().__init__()
        relu = nn.ReLU
        c = nn.Conv2d
        self.model1 = nn.Sequential(
            c(1, 64, 3, 1, 1), relu(), c(64, 64, 3, 2, 1), relu(), nn.BatchNorm2d(64)
        )
        self.model2 = nn.Sequential(
            c(64, 128, 3, 1, 1), relu(), c(128, 128, 3, 2, 1), relu(), nn.BatchNorm2d(128)
        )
        self.model3 = self.three(128, 256, 2, 1)
        self.model4 = self.three(256, 512, 1, 1)
        self.model5 = self.three(512, 512, 1, 2)
        self.model6 = self.three(512, 512, 1, 2)
        self.model7 = self.three(512, 512, 1, 1)
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(512, 256, 4, 2, 1),
            relu(),
            c(256, 256, 3, 1, 1),
            relu(),
            c(256, 256, 3, 1, 1),
            relu(),
            c(256, 313, 1),
        )
        self.model_out = c(313, 2, 1, bias=False)

    @staticmethod
    def three(inputs: int, outputs: int, stride: int, dilation: int) -> nn.Sequential:
        d = dilation
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, 1, d, d),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, d, d),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, stride, d, d),
            nn.ReLU(),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, lightness: Tensor) -> Tensor:
        """L* `(B, 1, H, W)` to ab `(B, 2, H/4, W/4)`."""
        x = (lightness - 50) / 100
        for at in range(1, 9):
            x = self.get_submodule(f"model{at}")(x)
        ab: Tensor = self.model_out(x.softmax(1)) * 110
        return ab


@pytest.fixture(scope="module")
def port() -> Port:
    """With statistics and colors that matter: every layer's share must show in the output."""
    torch.manual_seed(0)
    model = Port().eval()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, 0, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    nn.init.uniform_(model.model_out.weight, -1, 1)
    return model


def test_the_published_model_has_32_2_million_parameters() -> None:
    """The figure that the project page gives; ours has it with the 1×1 convolution at the end."""
    count = sum(p.numel() for p in _on_meta(last_kernel=1).parameters())
    assert round(count / 1e6, 1) == 32.2
    with torch.device("meta"):
        reference = sum(p.numel() for p in Port().parameters())
    assert count == reference - 313 * 2  # the port's layer of colors


def test_the_last_convolution_of_the_list_has_eight_more_taps() -> None:
    extra = sum(p.numel() for p in _on_meta().parameters())
    extra -= sum(p.numel() for p in _on_meta(last_kernel=1).parameters())
    assert extra == 8 * 256 * 313


def test_layers_are_those_of_the_list() -> None:
    model = _on_meta()
    convolutions = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert [
        (m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0], m.padding[0], m.dilation[0])
        for m in convolutions
    ] == LAYERS
    assert [isinstance(m, nn.ConvTranspose2d) for m in convolutions].index(True) == 19


def test_batch_normalization_closes_blocks_1_to_7() -> None:
    blocks = list(_on_meta().children())
    assert len(blocks) == 8
    for at, block in enumerate(blocks, start=1):
        layers = list(block.children())
        norms = [isinstance(layer, nn.BatchNorm2d) for layer in layers]
        assert sum(norms) == norms[-1] == (at < 8)


def test_weights_start_within_the_bounds_of_xavier() -> None:
    """Glorot and Bengio 2010, equation 16: uniform, variance 2 / (fan in + fan out)."""
    torch.manual_seed(0)
    weight = Zhang2016(width=32).block4.get_submodule("2").weight  # 256 to 256, 3×3
    assert isinstance(weight, Tensor)
    bound = (6 / (256 * 9 * 2)) ** 0.5
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)


@pytest.mark.parametrize("last_kernel", [1, 3])
def test_odd_multiples_of_8_come_out_at_a_quarter(last_kernel: int) -> None:
    model = Zhang2016(width=8, last_kernel=last_kernel).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        assert model(torch.zeros(1, 1, 24, 56)).shape == (1, 313, 6, 14)


def test_the_last_kernel_is_1_or_3() -> None:
    with pytest.raises(ValueError, match="last_kernel: 5"):
        Zhang2016(last_kernel=5)  # type: ignore[arg-type]


def test_published_weights_give_the_colors_of_the_port(port: Port) -> None:
    model, centers = from_published(port.state_dict())
    assert centers.shape == (313, 2)
    lightness = torch.rand((1, 1, 40, 24), generator=torch.Generator().manual_seed(1)) * 100
    with torch.no_grad():
        expected = port(lightness)
        small = nn.functional.interpolate(lightness, expected.shape[2:])[:, 0]
        ab, _ = BinsDecoding(centers)(model((lightness - 50) / 50), small, 1.0)
    assert expected.std() > 1  # colors differ from place to place
    torch.testing.assert_close(ab, expected, rtol=1e-3, atol=1e-2)


def test_published_weights_may_come_without_counters(port: Port) -> None:
    state = port.state_dict()
    plain = {name: t for name, t in state.items() if not name.endswith("num_batches_tracked")}
    assert len(plain) == len(state) - 7
    first, second = from_published(state)[0], from_published(plain)[0]
    for one, other in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_other_weights_are_refused_by_name(port: Port) -> None:
    state = port.state_dict()
    missing = {name: tensor for name, tensor in state.items() if name != "model5.2.bias"}
    with pytest.raises(ModelError, match=r"model5\.2\.bias is missing"):
        from_published(missing)
    with pytest.raises(ModelError, match=r"model9\.0\.weight is unknown"):
        from_published(state | {"model9.0.weight": torch.zeros(1)})
    with pytest.raises(ModelError, match=r"model_out\.weight is \(3, 313, 1, 1\), not \(2, 313"):
        from_published(state | {"model_out.weight": torch.zeros(3, 313, 1, 1)})
