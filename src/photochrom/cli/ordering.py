"""The options that say how pictures are colored: one place for every verb that colors files."""

import inspect
import os
from collections.abc import Callable
from functools import wraps
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
        str | None,
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
    hints: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Colors for points: JSON or CSV of x, y and a color each."
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="PICTURE",
            help="Take the colors of this picture, of the same or a like scene in color.",
        ),
    ] = None,
    candidates: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Write N ways of coloring, the likeliest first: photo.color.jpg, "
            "photo.color.2.jpg, ...",
        ),
    ] = 1,
    confidence: Annotated[
        bool,
        typer.Option(
            "--confidence",
            help="Write how sure the network was, as photo.color.confidence.png and "
            "photo.color.overlay.png.",
        ),
    ] = False,
    keep_tint: Annotated[
        float,
        typer.Option(
            metavar="0..1", help="Share of a tint, as of sepia, that is to shine through."
        ),
    ] = 0.0,
    assume: Annotated[
        Literal["auto", "grey"],
        typer.Option(help="Whether to notice pictures in color, or to take all for grey."),
    ] = "auto",
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Color space of the results: keep, srgb, display-p3, adobe-rgb, eci-rgb, "
            "rec-2020 or prophoto.",
        ),
    ] = "keep",
    exact_jpeg: Annotated[
        bool,
        typer.Option("--exact-jpeg", help="Keep the luminance of grey JPEG files bit for bit."),
    ] = False,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Write what was done to a JSON file beside, too.")
    ] = False,
    certificate: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Sign results (C2PA) in the name of this certificate."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The certificate's private key.")
    ] = None,
    timestamps: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Have signatures dated by this authority (RFC 3161)."),
    ] = None,
    preserve_times: Annotated[
        bool, typer.Option("--preserve-times", help="Give results the times of their sources.")
    ] = False,
    executor: Annotated[
        Literal["onnxruntime", "openvino"],
        typer.Option(help="What the network runs on; openvino is in the extra `fast`."),
    ] = "onnxruntime",
) -> "Order":
    """The order that the options make; an option is added here and nowhere else."""
    # OpenBLAS (numpy's matrix products) reads this when it is loaded. At the working size its
    # threads only wait for each other: alone, it starts in 50 ms less of the CPU's time, and finds
    # the colors of a reference in 300 ms less.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ..archive import Order

    return Order(
        model=model,
        style=style_from,
        temperature=temperature,
        saturation=saturation,
        quality=quality,
        hints=hints,
        reference=reference,
        candidates=candidates,
        confidence=confidence,
        keep_tint=keep_tint,
        assume=assume,
        profile=profile,
        exact_jpeg=exact_jpeg,
        sidecar=sidecar,
        certificate=certificate,
        key=key,
        timestamps=timestamps,
        preserve_times=preserve_times,
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
