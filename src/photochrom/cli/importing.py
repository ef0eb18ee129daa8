"""`photochrom import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .export import refuse_output, require_export, write_proven

if TYPE_CHECKING:
    from ..inference.card import Card


def import_weights(
    network: Annotated[
        Literal["zhang2016"],
        typer.Argument(help="Whose weights: zhang2016, of Colorful Image Colorization."),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The weights as published, a PyTorch state dict in .pth or .safetensors.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The ONNX file to write.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Turn weights that others have published into an ONNX file with its card.

    zhang2016: the weights of Zhang, Isola and Efros 2016 as their PyTorch code (`colorizers`,
    eccv16) downloads them. Files are read as tensors; code in them is never run. The ONNX file is
    proven as by `photochrom export`.

    Examples:

      photochrom import zhang2016 colorization_release_v2-9b330a0b.pth -o zhang2016.onnx

      photochrom colorize photo.jpg --model zhang2016.onnx
    """
    require_export()
    from ..errors import ModelError
    from ..export.graph import Decoded
    from ..models.decoding import BinsDecoding
    from ..models.weights import read_tensors
    from ..models.zhang2016 import from_published

    refuse_output(output, force=force)
    tensors = read_tensors(file)
    try:
        model, centers = from_published(tensors)
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
    module = Decoded(model, BinsDecoding(centers))
    write_proven(module, _zhang_card(model.size_multiple), output)


def _zhang_card(size_multiple: int) -> "Card":
    from ..inference.card import Card, Training

    return Card(
        name="zhang2016",
        summary="Colorful Image Colorization (Zhang, Isola and Efros 2016), as published",
        licence="BSD-2-Clause",
        output="bins",
        size_multiple=size_multiple,
        working_size=256,  # what the authors' code resizes to
        # The authors' PyTorch code takes the plain mean of the softmax; lower is more vivid.
        temperature=1.0,
        training=Training(
            pictures=("ImageNet, 1.3 million pictures; their licences are not stated",),
            initialization="see the paper, arXiv:1603.08511",
            recipe={},
            steps=450_000,  # about: supplement of the paper
            commit="not ours: github.com/richzhang/colorization, colorizers/eccv16",
            hardware="not stated",
        ),
    )
