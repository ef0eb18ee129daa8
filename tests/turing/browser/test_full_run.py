"""Somebody goes through the whole test: by keyboard, by mouse and by finger."""

import itertools
from typing import Any

import pytest

CHOICES = (("ArrowLeft", "ArrowRight"), ("1", "2"))
LABELS = {
    ("sequence", "phone"): ("First", "Second"),
    ("side-by-side", "desktop"): ("Left", "Right"),
    ("side-by-side", "phone"): ("Top", "Bottom"),
}
FOUND = [True, False, True, False]
"""Which of the four fakes the rater finds."""


@pytest.mark.parametrize("mode", ["sequence", "side-by-side"])
def test_by_keyboard_alone(mode: str, servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers[mode])
    page = rater.page
    page.goto(rater.server.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    rater.see("start")
    page.keyboard.press("Enter")
    pressed = []
    for number, (found, keys) in enumerate(zip(FOUND, itertools.cycle(CHOICES)), start=1):
        rater.see("question", "pair")
        assert page.locator("#progress").inner_text() == f"{number} of 4"
        page.keyboard.press("Enter")  # neither these nor any other key choose a picture
        page.keyboard.press("Space")
        page.keyboard.press("3")
        fake = rater.fake()
        pressed.append(fake if found else 1 - fake)
        page.keyboard.press(keys[pressed[-1]])
        if number == 1:
            assert rater.see("right", "wrong") == "right"
            assert page.locator("figcaption").nth(fake).inner_text() == "Fake, recolored"
            assert page.locator("figcaption").nth(1 - fake).inner_text() == "Photograph"
            page.keyboard.press("Space")
            rater.see("earnest")
            page.keyboard.press("Enter")
    rater.see("/done")
    assert_stored(rater.server.answers(), pressed)


@pytest.mark.parametrize(
    ("mode", "device"),
    [("sequence", "phone"), ("side-by-side", "desktop"), ("side-by-side", "phone")],
)
def test_by_mouse_and_by_finger(
    mode: str, device: str, servers: dict[str, Any], visit: Any
) -> None:
    rater = visit(servers[mode], device)
    page = rater.page
    rater.agree()
    assert rater.touches == (device == "phone")
    pressed: list[int] = []

    def answer() -> None:
        fake = rater.fake()
        pressed.append(fake if FOUND[len(pressed)] else 1 - fake)
        if mode == "side-by-side" and len(pressed) % 2:
            picture = page.locator("figure").nth(pressed[-1])
            (picture.tap if rater.touches else picture.click)()
        else:
            rater.press(LABELS[mode, device][pressed[-1]])

    rater.to_the_end(answer)
    assert_stored(rater.server.answers(), pressed)
    thanks = page.locator("main").inner_text()
    assert "Thank you" in thanks
    assert "4" in thanks
    assert not any(word in thanks for word in ("%", "correct", " 2"))  # no score


def assert_stored(answers: list[dict[str, Any]], pressed: list[int]) -> None:
    """Each answer once, as it was given; and what the page calls the fake is the fake."""
    assert [row["number"] for row in answers] == [1, 2, 3, 4]
    assert [row["choice"] for row in answers] == pressed
    assert [row["choice"] == row["fake_at"] for row in answers] == FOUND
    assert [row["kind"] for row in answers].count("practice") == 1


def test_another_person_on_the_same_device_begins_anew(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["side-by-side"])
    rater.agree()
    rater.to_the_end(lambda: rater.page.keyboard.press("1"))
    rater.page.goto(f"{rater.server.url}/trial")
    rater.see("/done")
    rater.press("Start for another person")
    rater.press("I agree, begin")
    rater.see("start")
    assert rater.page.locator("#progress").inner_text() == "1 of 4"
    assert rater.server.answers() == []
