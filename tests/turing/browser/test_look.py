"""What is seen: pictures as they are, on neutral grey, on any screen, by anybody."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from skimage.io import imread

MID_GREY = 119
"""sRGB of L* = 50, D65."""
SCREENS = [(320, 568), (360, 740), (740, 360), (768, 1024), (1366, 768), (1920, 1080)]


def pixels(page: Page) -> npt.NDArray[np.uint8]:
    """(H, W, 3): the window."""
    shot: npt.NDArray[np.uint8] = imread(io.BytesIO(page.screenshot()))[..., :3]
    return shot


def go_through(rater: Any, look: Callable[[str], None]) -> None:
    """All pages and views that a person meets, trouble included."""
    page = rater.page
    page.goto(rater.server.url)
    look("consent")
    rater.press("I agree, begin")
    look(rater.see("start"))
    rater.press("Start")
    look(rater.see("question", "pair"))
    page.keyboard.press("1")
    look(rater.see("right", "wrong"))
    rater.press("Next")
    look(rater.see("earnest"))
    rater.press("Go on")
    rater.see("question", "pair")
    page.context.set_offline(True)
    page.keyboard.press("1")
    look(rater.see("offline"))
    page.context.set_offline(False)
    rater.press("Try now")
    look(rater.see("again"))
    rater.to_the_end(lambda: page.keyboard.press("1"))
    look("done")
    page.goto(f"{rater.server.url}/no-such-page")
    look("error")


def grave_faults(page: Page) -> list[Any]:
    """What axe calls serious or critical."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)  # takes longer than all the rest: once a page
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [fault for fault in found if fault["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(("mode", "device"), [("sequence", "phone"), ("side-by-side", "desktop")])
def test_readable_by_all_and_neutral_grey_in_either_theme(
    mode: str, device: str, servers: dict[str, Any], visit: Any
) -> None:
    rater = visit(servers[mode], device, reduced_motion="reduce")
    page = rater.page
    looked: list[str] = []

    def look(view: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert grave_faults(page) == [], (view, scheme)
            assert page.evaluate("document.getAnimations().length") == 0, view
            shot = pixels(page).astype(int)
            if not page.locator("figure img").first.is_visible():
                assert np.ptp(shot, axis=2).max() == 0, (view, scheme)
            assert (shot[:, [0, -1]] == MID_GREY).all(), (view, scheme)  # left and right edge
        looked.append(view)

    go_through(rater, look)
    assert len(looked) == 9


def test_pictures_are_shown_pixel_by_pixel(
    servers: dict[str, Any], visit: Any, pair_folder: Path
) -> None:
    rater = visit(servers["side-by-side"])
    rater.agree()
    rater.ready_to_answer()
    shot = pixels(rater.page)
    files = [imread(path) for path in pair_folder.glob("practice/*/*.png")]
    for picture in rater.page.locator("figure img").all():
        box = picture.bounding_box()
        assert box
        assert (box["width"], box["height"]) == (256, 256)
        x, y = round(box["x"]), round(box["y"])
        shown = shot[y : y + 256, x : x + 256]
        assert any((shown == file).all() for file in files)


def test_everything_fits_on_every_screen(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["side-by-side"])
    page = rater.page
    rater.agree()
    rater.ready_to_answer()
    for verdict in (False, True):
        if verdict:
            page.keyboard.press("1")
            rater.see("right", "wrong")
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            screen = f"{width} x {height}"
            room = page.evaluate(
                "[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]"
            )
            assert room == [width, height], screen
            boxes = [picture.bounding_box() for picture in page.locator("figure img").all()]
            sides = [side for box in boxes for side in (box["width"], box["height"])]
            assert max(sides) - min(sides) < 0.01, screen
            assert 120 <= sides[0] <= 256, screen
            for button in page.get_by_role("button").all():
                box = button.bounding_box()
                assert box
                assert min(box["width"], box["height"]) >= 44, screen
                assert box["x"] >= 0, screen
                assert box["x"] + box["width"] <= width, screen
                assert box["y"] + box["height"] <= height, screen


def test_pages_say_what_they_need(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["sequence"], java_script_enabled=False)
    rater.page.goto(rater.server.url)
    text = rater.page.locator("main").inner_text()
    assert "needs sight" in text
    assert "needs JavaScript" in text
    assert "stop at any time" in text
    assert "0.25 seconds each" in text.replace("\N{NO-BREAK SPACE}", " ")
