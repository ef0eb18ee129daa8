"""Weights before the first step, where a recipe does not leave them to the network."""

from torch import nn

_LAYERS = (
    nn.Conv2d,
    nn.ConvTranspose2d,
    nn.Linear,
)


def initialize(model: nn.Module, how: str) -> None:
    """Draw weights anew, from PyTorch's global generator; biases become 0.

    Args:
        model: its convolutions and linear layers are drawn.
        how: `own` leaves everything as it is. `xavier`: uniform with a variance that keeps that of
            activations (Glorot and Bengio 2010, equation 16). `uniform`: PyTorch's default, uniform
            within 1 / √fan-in. `normal`: N(0, 0.02) (Radford, Metz and Chintala 2016; pix2pix).
    """
    if how == "own":
        return
    for layer in model.modules():
        if not isinstance(layer, _LAYERS):
            continue
        if how == "uniform":
            layer.reset_parameters()
            continue
        if how == "xavier":
            nn.init.xavier_uniform_(layer.weight)
        else:
            nn.init.normal_(layer.weight, std=0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
