"""A study in words and one table."""

from ..metrics.intervals import Interval, wilson
from .statistics import FooledRate, Study

_ADVISED = (0.10, 0.05)  # half widths of intervals that the sample size is told for


def text(study: Study) -> str:
    """The whole report, in Markdown."""
    left_out = len(study.excluded)
    lines = [
        "# Colorization Turing test",
        "",
        f"Raters: {study.participants}, of whom {study.participants - left_out} count; "
        f"pictures shown {' and '.join(study.modes) or 'to nobody yet'}.",
        study.rule.told(),
        *(f"- rater {number}: {reason}" for number, reason in study.excluded.items()),
        "",
    ]
    if not study.networks:
        return "\n".join([*lines, "No answer that counts yet.", ""])
    return "\n".join(
        [
            *lines,
            *_table(study),
            "",
            "Fooled: the recolored picture was taken for the real one; 50 % is indistinguishable. "
            "Zhang et al. 2016 (section 3.1) report 32.3 % for their full method on ImageNet.",
            "Quote the interval over people; Wilson's takes every answer for another person's.",
            "",
            _position(study),
            *(_advice(rate) for rate in study.networks),
            "",
        ]
    )


def _table(study: Study) -> list[str]:
    head = "| network | raters | answers | fooled | over people | Wilson | ms, quartiles |"
    lines = [head, "| --- | --- | --- | --- | --- | --- | --- |"]
    for rate in study.networks:
        over_people = _interval(rate.bootstrap) if rate.bootstrap else "one rater"
        times = " / ".join(f"{value:.0f}" for value in rate.milliseconds)
        lines.append(
            f"| {rate.network} | {rate.raters} | {rate.answers} | {rate.rate:.1%} "
            f"| {over_people} | {_interval(rate.wilson)} | {times} |"
        )
    return lines


def _position(study: Study) -> str:
    """Whether people favor one of the places, whatever is there."""
    second, of = study.second
    share, interval = second / of, wilson(second, of)
    verdict = "no bias shown" if interval.low <= 0.5 <= interval.high else "a bias"
    return (
        f"Position: {share:.1%} of the answers took the second, or right, picture for the fake "
        f"({_interval(interval)}; it was there half the time): {verdict}."
    )


def _advice(rate: FooledRate) -> str:
    each = round(rate.answers / rate.raters)
    needed = ", ".join(
        f"± {100 * half:.0f} points take {rate.raters_for(half)} raters" for half in _ADVISED
    )
    return (
        f"Sample size, {rate.network}: {needed}, with {each} answers each and an intraclass "
        f"correlation of {rate.intraclass:.2f}."
    )


def _interval(interval: Interval) -> str:
    return f"{interval.low:.1%} – {interval.high:.1%}"
