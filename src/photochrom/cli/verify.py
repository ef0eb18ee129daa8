"""`photochrom verify`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .faults import printable, tell

if TYPE_CHECKING:
    from ..archive.proof import PageProof, Proof, Tolerance


def verify(
    original: Annotated[
        Path, typer.Argument(help="The picture that was colored, or a folder of such pictures.")
    ],
    colored: Annotated[
        Path,
        typer.Argument(help="What came of it; of a folder, that of the results (-o of colorize)."),
    ],
    difference_map: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Write |ΔL*| of each pixel as a grey picture (PNG, TIFF): 100 for one unit.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a map that exists.")] = False,
    tolerance: Annotated[
        float,
        typer.Option(metavar="L", min=0, help="Of JPEG and WebP: mean |ΔL*| that is allowed."),
    ] = 1.0,
    most: Annotated[
        float,
        typer.Option(
            metavar="L", min=0, help="Of JPEG and WebP: |ΔL*| allowed in 999 of 1000 pixels."
        ),
    ] = 4.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, a line for each picture, for programs.")
    ] = False,
) -> None:
    """Prove that a colored file is its original, with colors.

    Every pixel is compared: PNG and TIFF must give back each grey code of the original, JPEG and
    WebP its luminance within the tolerance, or, of a JPEG that was colored exactly, its
    coefficients. Size, depth, transparency, resolution, profile and every field of EXIF, IPTC, XMP
    and PNG's texts must be there, and the provenance must name the original by its hash. The exit
    code is 0 where all of that is so, else 1.

    Of two folders each original is compared with the result of its name, subfolders included;
    pictures that fail are told in a line each.

    Examples:

      photochrom verify photo.jpg photo.color.jpg

      photochrom verify scan.tif scan.color.tif --map difference.png

      photochrom verify album colored --json
    """
    from ..archive.proof import Tolerance, prove
    from .pixels import pixels_watched

    allowed = Tolerance(tolerance, most)
    if original.is_dir() != colored.is_dir():
        raise typer.BadParameter("give two pictures, or two folders")
    if original.is_dir():
        if difference_map is not None:
            raise typer.BadParameter("a map is of one picture", param_hint="--map")
        raise typer.Exit(_verify_folder(original, colored, allowed, as_json=as_json))
    with pixels_watched("comparing", original) as watch:
        proof = prove(
            original,
            colored,
            allowed,
            difference_map=difference_map,
            overwrite=force,
            watch=watch,
        )
    if as_json:
        _print_json(original, colored, _plain(proof))
    else:
        typer.echo("\n".join([printable(str(colored)), *_lines(proof)]))
    raise typer.Exit(0 if proof.is_proven else 1)


def _verify_folder(originals: Path, results: Path, allowed: "Tolerance", *, as_json: bool) -> int:
    """Compare every original with its result; returns the exit code."""
    from ..archive.proof import prove
    from ..errors import PhotochromError

    count = proven = 0
    for original, colored in _pairs(originals, results):
        count += 1
        try:
            proof = prove(original, colored, allowed)
        except (PhotochromError, OSError) as error:
            plain: dict[str, Any] = {"proven": False, "faults": [str(error)]}
        else:
            plain = _plain(proof)
        proven += plain["proven"]
        if as_json:
            _print_json(original, colored, plain)
        elif not plain["proven"]:
            typer.echo(printable(f"{colored}: {'; '.join(plain['faults'])}"))
    if not count:
        tell(f"{originals}: no pictures in it; give the folder that was colored")
    typer.echo(f"{proven} of {count} pictures proven", err=True)
    return 0 if proven == count > 0 else 1


def _pairs(originals: Path, results: Path) -> Iterator[tuple[Path, Path]]:
    """The pictures of a folder, and where the result of each is."""
    from ..batch.listing import Unsearched, pictures_below
    from ..batch.names import result_of
    from ..errors import ImageError

    for one in pictures_below(originals):
        if isinstance(one, Unsearched):
            raise ImageError(one.reason)
        yield one, results / result_of(one.relative_to(originals))


def _print_json(original: Path, colored: Path, plain: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps({"original": str(original), "colored": str(colored)} | plain))


def _plain(proof: "Proof") -> dict[str, Any]:
    """What was found, in the terms of JSON."""
    from dataclasses import asdict

    coefficients = proof.coefficients
    return {
        "proven": proof.is_proven,
        "pages": [_figures(page) for page in proof.pages],
        "coefficients": coefficients
        and {**asdict(coefficients), "identical": coefficients.identical},
        "faults": list(proof.all_faults),
        "notes": list(proof.all_notes),
    }


def _figures(page: "PageProof") -> dict[str, Any] | None:
    found = page.luminance
    if found is None:
        return None
    return {
        "pixels": found.pixels,
        "exact": found.is_exact,
        "mean_delta_l": found.mean,
        "delta_l_of_999_in_1000": found.at_most(0.999),
        "largest_delta_l": found.largest,
        "mean_grey_codes": found.mean_step,
        "largest_grey_codes": found.largest_step,
        "pixels_of_another_grey_code": found.changed,
        "pixels_of_another_alpha": found.alpha,
    }


def _lines(proof: "Proof") -> list[str]:
    """What was found, a fact a line."""
    lines = ["proven: nothing of the original is lost" if proof.is_proven else "NOT PROVEN"]
    for number, page in enumerate(proof.pages, 1):
        lines += [(f"page {number}, " if len(proof.pages) > 1 else "") + _of_luminance(page)]
    if proof.coefficients is not None and proof.coefficients.identical:
        lines.append(
            f"coefficients: those of the luma are the original's, all {proof.coefficients.blocks} "
            "blocks, and so is their quantization"
        )
    lines += [f"fault: {fault}" for fault in proof.all_faults]
    lines += [f"note: {note}" for note in proof.all_notes]
    return [f"  {printable(line)}" for line in lines]


def _of_luminance(page: "PageProof") -> str:
    found = page.luminance
    if found is None:
        return "luminance: not compared"
    return (
        f"luminance: |ΔL*| {found.mean:.4f} in the mean, {found.largest:.4f} at most "
        f"({found.mean_step:.3f} and {found.largest_step:.3f} grey codes); {found.changed} of "
        f"{found.pixels} pixels read back have another grey code"
    )
