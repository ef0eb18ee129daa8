"""Class conditioning: a network that is told what the picture shows, by people or by a classifier.

The corolization project's proposal: classes as one-hot maps beside the lightness, and, where nobody
knows them, a second network alongside that supplies them. Any network of the catalog can be told,
if it is built with an input for each class.
"""

import torch
from torch import Tensor, nn

from .network import Network

_WIDTHS = (32, 64, 128, 256, 256)  # of the classifier, at 1/2 to 1/32 of the size


class ClassConditioned(Network):
    """Lightness `(B, 1, H, W)` to what the network within predicts from it and a class.

    Sizes are the network's; the classifier beside it takes any. That the network within may tell
    classes of its own, or take the style of another picture, is not passed on.
    """

    def __init__(self, network: Network, classes: int) -> None:
        """Condition a network that was built with `inputs=1 + classes`.

        Raises:
            ValueError: there are no two classes to choose between.
        """
        if classes < 2:
            raise ValueError(f"conditioning needs 2 classes or more, not {classes}")
        super().__init__()
        self.size_multiple = network.size_multiple
        self.stride = network.stride
        self.input_size = network.input_size
        self.classes = classes
        self.network = network
        self.classifier = _classifier(classes)

    def forward(self, x: Tensor) -> Tensor:
        """The network's output, told the class that seems most likely."""
        return self._told(x, self.classifier(x).argmax(dim=1))

    def with_classes(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The network's output, told the true class, and what the classifier would have said.

        Args:
            x: lightness `(B, 1, H, W)`.
            labels: `(B,)` in int64; -1 where the class is unknown, which the network sees as maps
                of zeros.

        Returns:
            The output, and logits `(B, classes)`.
        """
        return self._told(x, labels), self.classifier(x)

    def _told(self, x: Tensor, labels: Tensor) -> Tensor:
        numbers = torch.arange(self.classes, device=x.device)
        chosen = (labels[:, None] == numbers).to(x.dtype)  # (B, classes); for -1 all are 0
        maps = chosen[:, :, None, None].expand(-1, -1, x.shape[2], x.shape[3])
        colors: Tensor = self.network(torch.cat([x, maps], dim=1))
        return colors


def _classifier(classes: int) -> nn.Sequential:
    """Lightness of any size to logits `(B, classes)`."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((1, *_WIDTHS), _WIDTHS, strict=False):
        layers += [
            nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(_WIDTHS[-1], classes)
    )
