"""A discriminator like the convolutional network of "A Search Space Odyssey".

Sawhney and Agrawal, *Automatic Colorization: A Search Space Odyssey*, give their GAN a
discriminator "similar" to their colorizing CNN: six 4×4 convolutions without padding, 8-16-32-64-
128-16, batch normalization behind the activation, flattened (33856 numbers for 64×64 pictures) into
a linear layer. Here that layer gives one logit, and ReLU is leaky (0.2), as Radford, Metz and
Chintala 2016 found necessary in discriminators: a dead unit passes nothing on to the generator.

The size of pictures is fixed, as in the original: averaging the last map would admit every size but
forget where in the picture things are, which the flattened map keeps.
"""

from torch import Tensor, nn

from ..network import Discriminator
from ..spec import DiscriminatorSpec

WIDTHS = (8, 16, 32, 64, 128, 16)
KERNEL = 4


class SearchSpaceDiscriminator(Discriminator):
    """One logit `(B, 1, 1, 1)` for each picture `(B, inputs, size, size)`."""

    def __init__(self, inputs: int = 3, size: int = 64) -> None:
        """`size` is the side of the pictures, in pixels."""
        super().__init__()
        side = size - len(WIDTHS) * (KERNEL - 1)
        if side < 1:
            raise ValueError(f"size: {size}; six convolutions leave nothing of it")
        layers: list[nn.Module] = []
        for before, after in zip((inputs, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Conv2d(before, after, KERNEL), nn.LeakyReLU(0.2), nn.BatchNorm2d(after)]
        self.convolutions = nn.Sequential(*layers)
        self.verdict = nn.Linear(WIDTHS[-1] * side * side, 1)
        self.size = size

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        if x.shape[2:] != (self.size, self.size):
            raise ValueError(
                f"pictures of {x.shape[3]}×{x.shape[2]} pixels, but this discriminator was built "
                f"for {self.size}×{self.size}; set its `size`"
            )
        x = self.convolutions(x)  # (B, 16, size - 18, size - 18)
        return (self.verdict(x.flatten(1))[:, :, None, None],)


SPEC = DiscriminatorSpec(
    build=SearchSpaceDiscriminator,
    summary="one verdict on a 64×64 picture by six convolutions (Search Space Odyssey)",
)
