"""Colorful image colorization (Zhang, Isola and Efros, ECCV 2016, arXiv:1603.08511).

Eight blocks of convolutions without pooling; the deepest see the picture at an eighth of its size
and far around through dilation. The output is a distribution over ab bins at a quarter of the size.

What differs from the published model: the last convolution is 3×3 by default, as in the layer list
that this network was rebuilt from, and 1×1 only on demand; weights start from Xavier initialization
(Glorot and Bengio 2010), because from PyTorch's default colors were seen to flow from one object
into the next. `from_published` reads weights of the authors' PyTorch port.
"""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from ..errors import ModelError
from .network import Network
from .spec import ModelSpec

_PORT_AB = 110.0
"""The port's colors are ab / 110."""


def _block(
    inputs: int, outputs: int, layers: int, *, stride: int = 1, dilation: int = 1
) -> nn.Module:
    """3×3 convolutions with ReLU, the last with the stride, closed by batch normalization."""
    stack: list[nn.Module] = []
    for layer in range(layers):
        before = outputs if layer else inputs
        step = stride if layer == layers - 1 else 1
        stack.append(nn.Conv2d(before, outputs, 3, step, padding=dilation, dilation=dilation))
        stack.append(nn.ReLU(inplace=True))
    return nn.Sequential(*stack, nn.BatchNorm2d(outputs))


class Zhang2016(Network):
    """Lightness to colors at a quarter of the size.

    Input `(B, inputs, H, W)`, H and W multiples of 8; output `(B, channels, H/4, W/4)`.
    """

    size_multiple = 8
    stride = 4

    def __init__(
        self, inputs: int = 1, channels: int = 313, width: int = 64, last_kernel: Literal[1, 3] = 3
    ) -> None:
        """Build from settings.

        Args:
            inputs: channels of the input.
            channels: channels of the output.
            width: channels of the first block; the others have 2, 4 and 8 times as many.
            last_kernel: side of the last convolution: 3 as in the layer list that was rebuilt,
                1 as in the published model with its 32.2 million parameters.
        """
        if last_kernel not in (1, 3):
            raise ValueError(f"last_kernel: {last_kernel}; there are 1 and 3")
        super().__init__()
        w = width
        self.block1 = _block(inputs, w, 2, stride=2)  # (B, w, H/2, W/2)
        self.block2 = _block(w, 2 * w, 2, stride=2)  # (B, 2w, H/4, W/4)
        self.block3 = _block(2 * w, 4 * w, 3, stride=2)  # (B, 4w, H/8, W/8)
        self.block4 = _block(4 * w, 8 * w, 3)
        self.block5 = _block(8 * w, 8 * w, 3, dilation=2)
        self.block6 = _block(8 * w, 8 * w, 3, dilation=2)
        self.block7 = _block(8 * w, 8 * w, 3)  # (B, 8w, H/8, W/8)
        self.block8 = nn.Sequential(
            nn.ConvTranspose2d(8 * w, 4 * w, 4, stride=2, padding=1),  # (B, 4w, H/4, W/4)
            nn.ReLU(inplace=True),
            nn.Conv2d(4 * w, 4 * w, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(4 * w, 4 * w, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(4 * w, channels, last_kernel, padding=last_kernel // 2),
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.children():
            x = block(x)
        return x


def from_published(tensors: Mapping[str, Tensor]) -> tuple[Zhang2016, Tensor]:
    """The network with weights of the authors' PyTorch port (`ECCVGenerator`).

    The port's lightness is (L* - 50) / 100, half of ours, so its first kernels are halved. Its last
    layer, which averages colors, is no part of our network: its kernel is the bins' centers.

    Args:
        tensors: the port's state dict. Its counters of batches are not needed.

    Returns:
        The network in eval mode, and the centers `(313, 2)` of its bins in ab units: they come in
        another order than ours.

    Raises:
        ModelError: tensors are missing, of another shape, or unknown.
    """
    with torch.device("meta"):
        model = Zhang2016(last_kernel=1)
    ours = {name: tensor for name, tensor in model.state_dict().items() if not _is_counter(name)}
    shapes = {f"model{name.removeprefix('block')}": tuple(t.shape) for name, t in ours.items()}
    shapes["model_out.weight"] = (2, 313, 1, 1)
    found = {name: tensor for name, tensor in tensors.items() if not _is_counter(name)}
    faults = [f"{name} is missing" for name in shapes.keys() - found.keys()]
    faults += [f"{name} is unknown" for name in found.keys() - shapes.keys()]
    for name in shapes.keys() & found.keys():
        shape = tuple(found[name].shape)
        if shape != shapes[name]:
            faults.append(f"{name} is {shape}, not {shapes[name]}")
    if faults:
        raise ModelError(f"not weights of the published network: {'; '.join(sorted(faults))}")
    centers = found.pop("model_out.weight")[:, :, 0, 0].float().T * _PORT_AB  # (313, 2)
    weights = {f"block{name.removeprefix('model')}": t.float() for name, t in found.items()}
    weights["block1.0.weight"] = weights["block1.0.weight"] / 2
    model.to_empty(device="cpu")
    for name, buffer in model.named_buffers():
        if _is_counter(name):
            buffer.zero_()
            weights[name] = buffer
    model.load_state_dict(weights)
    return model.eval(), centers


def _is_counter(name: str) -> bool:
    """Batch normalization counts batches; nothing here depends on it."""
    return name.endswith(".num_batches_tracked")


SPEC = ModelSpec(
    build=Zhang2016,
    outputs=("bins", "chroma"),
    summary="Zhang 2016: eight blocks, dilated convolutions, 313 bins at a quarter size",
    trial={"width": 8},
)
