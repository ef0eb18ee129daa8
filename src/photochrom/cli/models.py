"""`photochrom models`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..inference.card import Card


def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|FILE]", help="Show the whole card of this network."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List the networks, or show the card of one.

    The card tells what the network takes and gives, and what its weights were trained on, how and
    from what.

    Examples:

      photochrom models

      photochrom models autochrome

      photochrom models my-network.onnx --json
    """
    import json

    from ..inference.library import load_card

    if name is None:
        listing = _listing()
        typer.echo(json.dumps(listing, indent=2)) if as_json else _print_listing(listing)
        return
    card = load_card(name)
    typer.echo(card.model_dump_json(indent=2) if as_json else readable(card))


def _listing() -> dict[str, Any]:
    """The networks in the package, and what can be trained."""
    from importlib.resources import files

    from ..inference.library import embedded, load_card
    from ..models import catalog

    networks = []
    for name in embedded():
        card = load_card(name)
        size = len(files("photochrom.weights").joinpath(f"{name}.onnx").read_bytes())
        networks.append(
            {"name": name, "summary": card.summary, "bytes": size, "licence": card.licence}
        )
    return {
        "networks": networks,
        "discriminators": catalog.discriminator_names(),
        "trainable": catalog.names(),
    }


def _print_listing(listing: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("network", "what it is", "size", "licence"):
        table.add_column(heading, overflow="fold")
    for network in listing["networks"]:
        size = f"{network['bytes'] / 1e6:.1f} MB"
        table.add_row(network["name"], network["summary"], size, network["licence"])
    console = Console(highlight=False)
    if listing["networks"]:
        console.print(table)
    else:
        console.print("no trained network in this package")
    # A line each, however narrow the terminal: for grep.
    console.print(
        f"\ndiscriminators for recipes: {', '.join(listing['discriminators'])}", soft_wrap=True
    )
    trainable = f"trainable with `photochrom train`: {', '.join(listing['trainable'])}"
    console.print(trainable, soft_wrap=True)


def readable(card: "Card") -> str:
    """The card as indented text, a fact a line."""
    facts = card.model_dump(mode="json")
    head = [facts.pop("name"), f"  {facts.pop('summary')}", ""]
    return "\n".join([*head, *_lines(facts, "  ")])


def _lines(value: Any, indent: str) -> list[str]:
    """Nested mappings and lists, indented."""
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            name = str(key).replace("_", " ")
            if isinstance(inner, (dict, list)) and inner and not _numbers(inner):
                lines += [f"{indent}{name}:", *_lines(inner, indent + "  ")]
            else:
                lines.append(f"{indent}{name}: {_plain(inner)}")
        return lines
    if isinstance(value, list):
        return [f"{indent}- {_plain(one)}" for one in value]
    return [f"{indent}{_plain(value)}"]


def _numbers(value: Any) -> bool:
    """Whether it is a list of numbers, such as a figure with its interval: they fit a line."""
    return isinstance(value, list) and all(isinstance(one, (int, float)) for one in value)


def _plain(value: Any) -> str:
    """A single fact; a mapping within a list fits a line, and so do numbers."""
    if value in (None, [], {}, ""):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)
