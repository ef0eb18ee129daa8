"""Contact sheets show every picture whole, on grey, under its title."""

import numpy as np
import pytest

from photochrom.image import contact_sheet
from photochrom.image.sheet import GROUND, INK

RED = np.full((20, 40, 3), (200, 0, 0), np.uint8)  # twice as wide as high
TALL = np.full((40, 10, 1), 30, np.uint8)


def box(sheet: np.ndarray, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """First row, last row, first column, last column of a color."""
    rows, columns = np.nonzero((sheet == np.array(color)).all(axis=-1))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_a_bare_strip():
    sheet = contact_sheet([[RED, None, TALL]], tile=64, gap=4)
    assert sheet.shape == (4 + 64 + 4, 4 + 3 * 68, 3)
    assert sheet.dtype == np.uint8
    assert box(sheet, (200, 0, 0)) == (4 + 16, 4 + 47, 4, 67)  # 64 x 32, centered
    assert box(sheet, (30, 30, 30)) == (4, 67, 140 + 24, 140 + 39)  # 16 x 64
    assert (sheet[:, 68:140] == GROUND).all()  # the empty cell and its gaps
    assert sorted(np.unique(sheet)) == [0, 30, GROUND, 200]


def test_rows_are_as_high_as_their_highest_picture():
    assert contact_sheet([[RED, RED], [RED]], tile=64, gap=4).shape[0] == 4 + 36 + 36
    assert contact_sheet([[None, RED], [None]], tile=64, gap=4).shape[0] == 4 + 36 + 68


def test_titles_are_lettered_and_take_their_room():
    bare = contact_sheet([[RED, RED], [RED, RED]], tile=64, gap=4)
    titled = contact_sheet(
        [[RED, RED], [RED, RED]],
        column_titles=["a", "b"],
        row_titles=["one", "two"],
        tile=64,
        gap=4,
        font_size=16,
    )
    assert titled.shape == (bare.shape[0] + 3 * 20, bare.shape[1], 3)
    for top in (4, 24, 24 + 20 + 36):  # columns, first row, second row
        strip = titled[top : top + 20]
        assert (strip == INK).any()
        assert (np.ptp(strip, axis=-1) == 0).all()  # neutral lettering


def test_titles_that_are_too_long_stay_in_their_cell():
    titles = ["W" * 80, ""]
    sheet = contact_sheet([[RED, RED]], column_titles=titles, tile=64, gap=4)
    assert (sheet[:24, 4 + 64 :] == GROUND).all()
    assert (sheet[:24, :68] == INK).any()


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        ([], {}),
        ([[]], {}),
        ([[RED]], {"column_titles": ["a", "b"]}),
        ([[RED]], {"row_titles": ["a", "b"]}),
        ([[RED.astype(np.float32)]], {}),
        ([[RED[..., 0]]], {}),
    ],
)
def test_errors(rows, titles):
    with pytest.raises(ValueError, match=r".+"):
        contact_sheet(rows, **titles)
