"""VGG-16 as an encoder of grey pictures.

The convolutions of configuration D of Simonyan and Zisserman 2015 (arXiv:1409.1556, table 1), an
ImageNet classifier: 3×3 kernels, and the maximum of 2×2 pixels between levels. The classifier's
fully connected layers are not here.
"""

from itertools import pairwise
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from ...errors import ModelError
from ..blocks import initialize_he
from ..weights import read_tensors

_LEVELS = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # widths over the first one, convolutions
_FIRST = "features.0"
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
"""The classifier sees ((red, green, blue) - mean) / std of sRGB in [0, 1]: ImageNet's figures."""


class Vgg16Encoder(nn.Module):
    """Grey pictures to features at up to five scales.

    Input `(B, inputs, H, W)`, the first channel lightness in [-1, 1], H and W multiples of
    2^(levels - 1). Returns the last features of each level, before they are pooled: `widths`
    channels at 1/1, 1/2, 1/4, 1/8 and 1/16 of the size. `load_classifier` starts it from a
    classifier's weights; without, it starts from He initialization.
    """

    def __init__(self, inputs: int = 1, levels: int = 5, width: int = 64) -> None:
        """Build from settings.

        Args:
            inputs: channels of the input.
            levels: how many of the five are built.
            width: channels of the first level; only with 64 does it take a classifier's weights.
        """
        if not 1 <= levels <= len(_LEVELS):
            raise ValueError(f"levels: {levels}; VGG-16 has 1 to {len(_LEVELS)}")
        super().__init__()
        self.widths = tuple(width * factor for factor, _ in _LEVELS[:levels])
        stack: list[nn.Module] = []
        before = inputs
        for level, (_, convolutions) in enumerate(_LEVELS[:levels]):
            after = self.widths[level]
            if level:
                stack.append(nn.MaxPool2d(2))
            for inward, outward in pairwise((before, *[after] * convolutions)):
                stack += [nn.Conv2d(inward, outward, 3, padding=1), nn.ReLU(inplace=True)]
            before = after
        self.features = nn.Sequential(*stack)  # its numbers name a classifier's weights
        initialize_he(self)

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                features.append(x)
            x = layer(x)
        return [*features, x]

    def load_classifier(self, path: Path) -> None:
        """Start from a VGG-16 classifier's weights: safetensors, or what `torch.save` wrote.

        The names are PyTorch's, `features.N.weight` and `.bias`; others in the file are not used.
        Inside the picture, features are then the classifier's of the grey whose sRGB value is
        L* / 100, at most 0.034 from the true one. The picture's border continues in mid grey, where
        the classifier's continued in ImageNet's mean color. Kernels of further inputs begin at 0.

        Raises:
            ModelError: the file is missing or holds other tensors.
        """
        tensors = read_tensors(path)
        ours = self.state_dict()
        shapes = {name: tuple(tensor.shape) for name, tensor in ours.items()}
        first = shapes[f"{_FIRST}.weight"]
        shapes[f"{_FIRST}.weight"] = (first[0], 3, 3, 3)  # the classifier sees colors
        faults = []
        for name, shape in shapes.items():
            if name not in tensors:
                faults.append(f"{name} is missing")
            elif tuple(tensors[name].shape) != shape:
                faults.append(f"{name} is {tuple(tensors[name].shape)}, not {shape}")
        if faults:
            raise ModelError(f"{path}: not VGG-16 weights ({'; '.join(faults)})")
        wanted = {name: tensors[name].float() for name in shapes}
        kernel, bias = _on_lightness(wanted[f"{_FIRST}.weight"], wanted[f"{_FIRST}.bias"])
        wanted[f"{_FIRST}.weight"] = functional.pad(kernel, (0, 0, 0, 0, 0, first[1] - 1))
        wanted[f"{_FIRST}.bias"] = bias
        self.load_state_dict(wanted)


def _on_lightness(kernel: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The first layer `(N, 3, 3, 3)` for one channel of lightness x instead of normalized colors.

    A grey picture's three colors are all g = (x + 1) / 2, which the classifier saw as
    (g - mean) / std = x / (2 std) + (1/2 - mean) / std.
    """
    mean, std = (kernel.new_tensor(figures)[:, None, None] for figures in (_MEAN, _STD))
    shift = (kernel * (0.5 - mean) / std).sum(dim=(1, 2, 3))
    return (kernel / (2 * std)).sum(dim=1, keepdim=True), bias + shift
