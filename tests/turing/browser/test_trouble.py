"""Reloads, servers that die, connections that break, and second tabs: no answer lost or doubled."""

from typing import Any

import pytest
from playwright.sync_api import Route

UNSENT = "sessionStorage.length"


def numbers(answers: list[dict[str, Any]]) -> list[int]:
    return [row["number"] for row in answers]


@pytest.mark.parametrize("mode", ["sequence", "side-by-side"])
def test_reload_goes_on_with_the_same_pair(mode: str, servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers[mode], "phone")
    page = rater.page
    rater.agree()
    rater.ready_to_answer()
    page.keyboard.press("1")
    rater.see("right", "wrong")
    page.reload()
    rater.see("again")
    assert page.locator("#progress").inner_text() == "2 of 4"
    sources = "all => all.map((image) => image.src)"
    before = page.locator("figure img").evaluate_all(sources)
    rater.press("Go on")
    rater.see("first", "pair")
    page.reload()
    rater.see("again")
    assert page.locator("figure img").evaluate_all(sources) == before
    rater.to_the_end(lambda: page.keyboard.press("1"))
    assert numbers(rater.server.answers()) == [1, 2, 3, 4]


def test_answers_outlive_a_server_killed_and_started_again(
    servers: dict[str, Any], visit: Any
) -> None:
    rater = visit(servers["unchanged"])
    page, server = rater.page, rater.server
    rater.agree()
    rater.ready_to_answer()

    server.kill()
    page.keyboard.press("2")
    rater.see("offline")
    assert page.evaluate(UNSENT) == 1
    page.wait_for_timeout(700)  # the first attempts, in vain
    server.launch()
    server.wait()
    rater.press("Try now")
    rater.see("again")
    assert page.evaluate(UNSENT) == 0
    assert [row["choice"] for row in server.answers()] == [1]

    rater.ready_to_answer()
    server.kill()
    page.keyboard.press("1")
    rater.see("offline")
    page.goto("about:blank")  # the tab is still the same
    server.launch()
    server.wait()
    page.goto(f"{server.url}/trial")
    rater.see("again")
    assert page.locator("#progress").inner_text() == "3 of 8"
    assert [row["choice"] for row in server.answers()] == [1, 0]
    assert numbers(server.answers()) == [1, 2]


def test_reply_that_gets_lost_doubles_nothing(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["side-by-side"])
    posted: list[str] = []

    def lose_the_first(route: Route) -> None:
        posted.append(route.request.post_data or "")
        if len(posted) > 1:
            route.continue_()
            return
        assert route.fetch().ok  # the server has stored it
        route.abort("connectionreset")  # and the page never learns

    rater.page.route("**/api/answer", lose_the_first)
    rater.agree()
    rater.ready_to_answer()
    rater.page.keyboard.press("2")
    rater.see("right", "wrong")
    assert len(posted) == 2
    assert posted[0] == posted[1]
    assert [row["choice"] for row in rater.server.answers()] == [1]


def test_second_tab_gets_the_first_answer_and_goes_on(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["side-by-side"])
    rater.agree()
    rater.ready_to_answer()
    second = rater.page.context.new_page()
    second.goto(f"{rater.server.url}/trial")
    second.get_by_role("button", name="Start").click()
    second.wait_for_selector("#stage[data-view=pair]")
    rater.page.keyboard.press("1")
    verdict = rater.see("right", "wrong")
    second.keyboard.press("2")
    second.wait_for_selector("#stage:is([data-view=right], [data-view=wrong])")
    assert second.locator("#stage").get_attribute("data-view") == verdict
    assert [(row["number"], row["choice"]) for row in rater.server.answers()] == [(1, 0)]
    rater.page.bring_to_front()
    rater.to_the_end(lambda: rater.page.keyboard.press("1"))
    second.bring_to_front()
    second.keyboard.press("Enter")  # on to pair 2, which has been answered in the first tab
    second.wait_for_url("**/done")
    assert numbers(rater.server.answers()) == [1, 2, 3, 4]


def test_who_is_not_known_comes_to_the_first_page(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["side-by-side"])
    rater.agree()
    rater.ready_to_answer()
    rater.page.context.clear_cookies()
    rater.page.keyboard.press("1")
    rater.see("/")
    assert rater.page.evaluate(UNSENT) == 0  # or it would count for whoever agrees next
    rater.press("I agree, begin")
    rater.see("start")
    assert rater.server.answers() == []


def test_page_out_of_sight_shows_the_pair_anew(servers: dict[str, Any], visit: Any) -> None:
    rater = visit(servers["sequence"])
    page = rater.page
    rater.agree()
    rater.press("Start")
    rater.see("first")
    # A headless window cannot be hidden, so the page is told so, as the browser would tell it.
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); delete document.hidden; }"
    )
    rater.see("paused")
    assert not page.locator("figure img").first.is_visible()
    rater.press("Go on")
    assert rater.see("fixation", "question") == "fixation"
    rater.see("question")
