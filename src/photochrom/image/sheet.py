"""Contact sheets: pictures side by side under headings, to be judged by eye."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom.image.resize import resize

Picture = npt.NDArray[np.uint8]

GROUND = 119
"""The sheet's grey, L* = 50: a colored or a bright ground would tint the colors beside it."""
INK = 255


def contact_sheet(
    rows: Sequence[Sequence[Picture | None]],
    *,
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    tile: int = 256,
    gap: int = 8,
    font_size: int = 16,
) -> Picture:
    """One picture (H, W, 3), sRGB, uint8, with a cell for each entry of `rows`.

    Each entry is uint8 (h, w, 1 or 3), of any shape, shown whole, its longer side `tile` pixels,
    centered in its cell; None leaves the cell empty. A row is as high as its highest picture.
    Column titles stand once at the top, row titles above their rows; titles that do not fit are
    cut. A single row makes a film strip. Raises ValueError where there is nothing to show, or
    where titles and cells do not match.
    """
    columns = max((len(row) for row in rows), default=0)
    _check(rows, columns, column_titles, row_titles)
    fitted = [[None if cell is None else _fitted(cell, tile) for cell in row] for row in rows]
    heights = [max((c.shape[0] for c in row if c is not None), default=tile) for row in fitted]
    line = font_size + gap  # what a title takes
    headers = [(line if row_titles else 0) + height + gap for height in heights]
    top = gap + (line if column_titles else 0)
    width = gap + columns * (tile + gap)
    sheet = np.full((top + sum(headers), width, 3), GROUND, dtype=np.uint8)
    labels: list[tuple[int, int, int, str]] = [  # x, y, room, text
        (gap + index * (tile + gap), gap, tile, title) for index, title in enumerate(column_titles)
    ]
    y = top
    for index, (row, height) in enumerate(zip(fitted, heights, strict=True)):
        if row_titles:
            labels.append((gap, y, width - 2 * gap, row_titles[index]))
            y += line
        for column, cell in enumerate(row):
            if cell is not None:
                _place(sheet, cell, y, gap + column * (tile + gap), height, tile)
        y += height + gap
    return _lettered(sheet, labels, font_size)


def _check(
    rows: Sequence[Sequence[Picture | None]],
    columns: int,
    column_titles: Sequence[str],
    row_titles: Sequence[str],
) -> None:
    if columns == 0:
        raise ValueError("a contact sheet needs at least one cell")
    if column_titles and len(column_titles) != columns:
        raise ValueError(f"{len(column_titles)} column titles for {columns} columns")
    if row_titles and len(row_titles) != len(rows):
        raise ValueError(f"{len(row_titles)} row titles for {len(rows)} rows")
    for cell in (cell for row in rows for cell in row if cell is not None):
        if cell.dtype != np.uint8 or cell.ndim != 3 or cell.shape[2] not in (1, 3):
            raise ValueError(
                f"a cell is {cell.dtype} {cell.shape}; give uint8 (height, width, 1 or 3)"
            )


def _fitted(cell: Picture, tile: int) -> Picture:
    """The cell as RGB, its longer side `tile` pixels."""
    height, width = cell.shape[:2]
    scale = tile / max(height, width)
    sized = resize(cell, max(1, round(height * scale)), max(1, round(width * scale)))
    return np.repeat(sized, 3, axis=2) if sized.shape[2] == 1 else sized


def _place(sheet: Picture, cell: Picture, y: int, x: int, height: int, width: int) -> None:
    """Center the cell in the room that begins at (y, x)."""
    y += (height - cell.shape[0]) // 2
    x += (width - cell.shape[1]) // 2
    sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell


def _lettered(sheet: Picture, labels: list[tuple[int, int, int, str]], font_size: int) -> Picture:
    """The sheet with its titles, in Pillow's built-in font: no font file to find or to license."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(font_size)
    for x, y, room, text in labels:
        draw.text((x, y), _cut(text, room, font), fill=(INK, INK, INK), font=font)
    return np.array(image)


def _cut(text: str, room: int, font: Any) -> str:
    """The text, shortened with dots where it is longer than the room in pixels."""
    text = " ".join(text.split())
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}...") > room:
        text = text[:-1]
    return f"{text}..."
