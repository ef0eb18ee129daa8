"""How long pictures are seen, and how long an answer takes."""

from statistics import median
from typing import Any

SAMPLER = """
(() => {
  // Each frame: which picture the browser is told to paint, by the styles that came out.
  window.seen = [];
  window.said = [];
  const sample = (now) => {
    const images = [...document.querySelectorAll("figure img")];
    const visible = images.map((image) => image.checkVisibility({ visibilityProperty: true }));
    window.seen.push([now, visible.indexOf(true), visible.filter(Boolean).length]);
    requestAnimationFrame(sample);
  };
  requestAnimationFrame(sample);
  document.addEventListener("DOMContentLoaded", () => {
    const region = document.querySelector("[role=status]");
    if (!region) return;
    new MutationObserver(() => window.said.push(region.textContent))
      .observe(region, { childList: true });
  });
})();
"""
FRAME = 1000 / 60
SLACK = 50
"""Milliseconds, for a machine that does other things too."""


def exposures(seen: list[tuple[float, int, int]]) -> list[tuple[int, float]]:
    """Picture (-1 for none) and milliseconds, one after the other."""
    runs: list[tuple[int, float]] = []
    begin = 0
    for at in range(1, len(seen)):
        if seen[at][1] != seen[begin][1]:
            runs.append((seen[begin][1], seen[at][0] - seen[begin][0]))
            begin = at
    return runs


def test_each_picture_is_seen_for_a_second_and_never_both(
    servers: dict[str, Any], visit: Any
) -> None:
    rater = visit(servers["unchanged"])
    rater.page.add_init_script(SAMPLER)
    rater.agree()
    rater.press("Start")
    for key in ("1", "2"):
        rater.see("question")
        rater.page.keyboard.press(key)
        rater.see("fixation")
    seen = rater.page.evaluate("seen")
    assert max(count for _, _, count in seen) == 1
    runs = exposures(seen)
    assert [picture for picture, _ in runs] == [-1, 0, -1, 1, -1, 0, -1, 1]
    errors = [abs(time - 1000) for picture, time in runs if picture >= 0]
    assert median(errors) <= 2 * FRAME
    assert max(errors) <= SLACK
    between = [runs[at][1] for at in (2, 6)]
    assert all(abs(time - 250) <= SLACK for time in between)
    said = rater.page.evaluate("said")
    pair = ["The first picture", "", "The second picture", ""]
    question = "Which one is the fake, recolored by a computer?"
    assert [text for text in said if text][: 2 * 4 + 1] == [
        *("Ready?", "1 of 8", *filter(None, pair), question),
        *("2 of 8", *filter(None, pair), question),
    ]


def test_the_time_of_an_answer_counts_from_the_question(
    servers: dict[str, Any], visit: Any
) -> None:
    for mode, view in (("unchanged", "question"), ("side-by-side", "pair")):
        rater = visit(servers[mode])
        rater.agree()
        rater.press("Start")
        rater.see(view)
        rater.page.wait_for_timeout(600)
        rater.page.keyboard.press("2")
        rater.see("fixation", "right", "wrong")
        (answer,) = rater.server.answers()
        assert 600 - SLACK <= answer["milliseconds"] <= 600 + 500  # the way from here to the page
