"""The options that say how pictures are colored: one place for every verb that colors files."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from ..archive import Order


def _order(
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="Network: a name (`photochrom models` lists them), an ONNX file, or the TOML file "
            "of a router over several.",
        ),
    ] = "autochrome",
    style_from: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE",
            help="Color in the style of this picture; for networks whose card says style: True.",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="0.01 (vivid, sometimes spotted) to 1 (safe, sometimes dull).  "
            "[default: the network's own]",
        ),
    ] = None,
    saturation: Annotated[
        float, typer.Option(metavar="S", help="Factor on the colors' strength, 0 or more.")
    ] = 1.0,
    quality: Annotated[
        int, typer.Option(metavar="Q", min=1, max=100, help="Of JPEG and WebP.")
    ] = 95,
    executor: Annotated[
        Literal["onnxruntime", "openvino"],
        typer.Option(help="What the network runs on; openvino is in the extra `fast`."),
    ] = "onnxruntime",
) -> "Order":
    """The order that the options make; an option is added here and nowhere else."""
    from ..archive import Order

    return Order(
        model=model,
        style=None if style_from is None else str(style_from),
        temperature=temperature,
        saturation=saturation,
        quality=quality,
        executor=executor,
    )


def ordered(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb that takes an `order` the options that make one, in its place."""
    options = inspect.signature(_order).parameters

    @wraps(verb)
    def run(**given: Any) -> None:
        try:
            order = _order(**{name: given.pop(name) for name in options})
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        verb(**given, order=order)

    parameters = []
    for parameter in inspect.signature(verb).parameters.values():
        parameters += list(options.values()) if parameter.name == "order" else [parameter]
    kept = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in kept}
    return run
