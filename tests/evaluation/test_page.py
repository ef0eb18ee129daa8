"""The page: whole in itself, right in what it shows, and usable in a real browser."""

import base64
import re
import shutil
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from PIL import Image

from photochrom import image
from photochrom.evaluation.comparison import Comparison
from photochrom.evaluation.page import PictureStrip, chosen, data_uri, page, ranked
from photochrom.evaluation.result import Result

MakeResult: TypeAlias = Callable[..., Result]

NAMES = tuple(f"{('cat', 'dog', 'few')[min(2, at // 15)]}/{at:02}.png" for at in range(33))


@pytest.fixture
def compared(make_result: MakeResult) -> Comparison:
    """Two networks, whose errors grow and fall with the number of the picture."""
    up = np.arange(33.0)

    def made(title: str, kind: str, errors: np.ndarray, color: float) -> Result:
        values = {
            "ciede2000": errors,
            "colorfulness": np.full(33, color),
            "real_colorfulness": np.full(33, 40.0),
        }
        return make_result(title, values, kind=kind, pictures=NAMES)

    return Comparison.of(
        [
            made("grey", "grey", np.full(33, 9.5), 0.0),
            made("<i>up</i>", "model", up, 30.0),
            made("down", "model", up[::-1].copy(), 20.0),
            made("original", "original", np.zeros(33), 40.0),
        ]
    )


@pytest.fixture
def strips(compared: Comparison) -> dict[int, PictureStrip]:
    frames = {
        result.way.title: image.from_array(np.full((40, 40, 3), 60 * at, np.uint8))
        for at, result in enumerate(compared.results)
    }
    return {at: PictureStrip(NAMES[at], frames) for at in chosen(compared)}


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def __call__(self, wanted: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag == wanted]


def test_pictures_are_the_best_the_middle_and_the_worst(compared: Comparison) -> None:
    up = ranked(compared, 1)
    assert up.best == tuple(range(8))
    assert up.worst == tuple(range(32, 24, -1))
    assert up.middle == (14, 15, 16, 17)
    assert ranked(compared, 2).best == up.worst
    assert chosen(compared) == {*range(8), *range(14, 19), *range(25, 33)}


def test_of_few_pictures_each_is_shown_once(make_result: MakeResult) -> None:
    for count in range(1, 25):
        errors = np.random.default_rng(count).random(count)
        comparison = Comparison.of([make_result(values={"ciede2000": errors})])
        one = ranked(comparison, 0)
        shown = [*one.best, *one.middle, *one.worst]
        assert len(set(shown)) == len(shown) == min(count, 20)
    gaps = make_result(values={"ciede2000": (np.nan, 3.0, 1.0)})
    assert chosen(Comparison.of([gaps])) == {1, 2}


def test_a_picture_is_small_and_of_its_shape(compared: Comparison) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 384, 3), np.uint8)
    head, _, content = data_uri(image.from_array(noise)).partition(",")
    assert head == "data:image/webp;base64"
    data = base64.b64decode(content)
    assert len(data) <= 25_000
    with Image.open(BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (192, 256))
    flat = image.from_array(np.full((64, 64), 90, np.uint8))
    with Image.open(BytesIO(base64.b64decode(data_uri(flat).partition(",")[2]))) as picture:
        assert picture.size == (64, 64)
        assert np.abs(np.asarray(picture.convert("RGB"), int) - 90).max() <= 1


def test_the_page_needs_no_host_and_is_sound(
    compared: Comparison, strips: dict[int, PictureStrip]
) -> None:
    text = page(compared, strips)
    tags = Tags(text)
    linked = [a.get(name) for _, a in tags.found for name in ("src", "href", "xlink:href")]
    assert all(link[0] == "#" or link.startswith("data:image/webp;") for link in linked if link)
    assert not re.search(r"url\((?!#)|@import", text)
    assert not tags("link")
    assert "default-src 'none'" in str(tags("meta")[2]["content"])
    ids = Counter(a["id"] for _, a in tags.found if "id" in a)
    assert max(ids.values()) == 1
    assert {link[1:] for link in linked if link and link[0] == "#"} <= set(map(str, ids))
    labels = [a["aria-labelledby"] for _, a in tags.found if "aria-labelledby" in a]
    assert set(labels) <= set(ids)
    assert all(head.get("scope") in ("row", "col", "colgroup") for head in tags("th"))
    assert len(tags("caption")) == len(tags("table")) == 6
    assert "<i>up</i>" not in text
    assert "&lt;i&gt;up&lt;/i&gt;" in text


def test_every_picture_is_shown_in_every_way_and_told(
    compared: Comparison, strips: dict[int, PictureStrip]
) -> None:
    images = Tags(page(compared, strips))("img")
    # 8 + 4 + 8 for each network; grey, both networks, original
    assert len(images) == 2 * 20 * 4
    assert [one["alt"] for one in images[:4]] == [
        "cat/00.png, grey",
        "cat/00.png, colored by <i>up</i>",
        "cat/00.png, colored by down",
        "cat/00.png, original",
    ]
    assert len({one["src"] for one in images[:4]}) == 4


def test_many_networks_are_shown_one_at_a_time(make_result: MakeResult) -> None:
    ways = [make_result(f"net {n}") for n in range(5)]
    comparison = Comparison.of([make_result("grey", kind="grey"), *ways])
    frames = {one.way.title: image.from_array(np.zeros((8, 8, 3), np.uint8)) for one in ways}
    strips = {at: PictureStrip(f"{at:03}.png", frames) for at in (0, 1)}
    images = Tags(page(comparison, strips))("img")
    assert len(images) == 5 * 2
    assert "net 4" in str(images[-1]["alt"])


def test_without_pictures_there_is_no_gallery_and_no_dead_link(compared: Comparison) -> None:
    text = page(compared, {})
    assert "<img" not in text
    assert "#pictures" not in text


def test_a_strip_of_another_picture_is_refused(
    compared: Comparison, strips: dict[int, PictureStrip]
) -> None:
    with pytest.raises(ValueError, match=r"picture 0 is cat/00.png, not cat/01.png"):
        page(compared, {0: strips[1]})


def test_figures_differences_and_classes_are_on_the_page(compared: Comparison) -> None:
    text = page(compared, {})
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert "colorfulness over real 0.75" not in words
    assert "0.75" in words  # 30 / 40
    assert "down less &lt;i&gt;up&lt;/i&gt;" in words
    # Errors of down fall: the mean of its first 15 is 25, of up's 7.
    assert re.search(r"cat 15 9\.50 7\.00 \S+ 0\.75 25\.00", words)
    assert re.search(r"dog 15 9\.50 22\.00", words)
    assert "few 3" not in words
    assert compared.protocol.identity in words
    assert str(compared.protocol.pictures and compared.protocol.pictures.sha256) in words
    assert "Mean CIEDE2000." in words


def test_figures_stand_in_tables_that_fit_on_paper(make_result: MakeResult) -> None:
    names = ("psnr", "ab_psnr", "ssim", "ms_ssim", "ciede2000", "ab_mse", "pixel_l2", "bleeding")
    names += ("spottedness", "warmth", "hue_spread", "stability", "top1", "top5")
    result = make_result(values=dict.fromkeys(names, (1.0, 2.0)), whole={"ece": 0.1})
    text = page(Comparison.of([result]), {})
    heads = [part.partition("</thead>")[0] for part in text.split("<thead>")[1:4]]
    # AuC, rebalanced AuC, PSNR, ΔE2000; then the other 13 in two
    assert [head.count("<abbr") for head in heads] == [4, 6, 7]
    assert "ECE" in heads[2]


def test_one_network_has_no_differences(make_result: MakeResult) -> None:
    text = page(Comparison.of([make_result("only")]), {})
    assert 'id="differences"' not in text
    assert "#differences" not in text
    assert "<h1>only</h1>" in text


def test_the_same_results_make_the_same_page(
    compared: Comparison, strips: dict[int, PictureStrip]
) -> None:
    assert page(compared, strips) == page(compared, strips)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_in_a_browser_columns_sort_and_nothing_overflows(
    compared: Comparison, strips: dict[int, PictureStrip], tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    file = tmp_path / "page.html"
    file.write_text(page(compared, {0: strips[0]}), encoding="utf-8")
    flags = ["--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        tab = browser.new_page(viewport={"width": 360, "height": 740})
        faults: list[str] = []
        tab.on("console", lambda message: faults.append(message.text))
        tab.goto(file.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == 360
        assert Axe().run(tab).violations_count == 0
        tab.emulate_media(color_scheme="dark")
        assert Axe().run(tab, options={"runOnly": ["color-contrast"]}).violations_count == 0
        assert not faults
        classes = tab.locator("table.sortable tbody th")
        assert classes.all_inner_texts() == ["cat", "dog"]
        button = tab.locator("table.sortable button").nth(2)  # grey, the same for both
        button.click()
        assert classes.all_inner_texts() == ["cat", "dog"]
        error = tab.locator("table.sortable button").nth(5)  # ΔE2000 of down: 25 and 10
        error.click()
        assert classes.all_inner_texts() == ["dog", "cat"]
        error.press("Enter")
        assert classes.all_inner_texts() == ["cat", "dog"]
        assert tab.locator("[aria-sort]").get_attribute("aria-sort") == "descending"
        browser.close()
