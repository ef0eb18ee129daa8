"""Drawings as elements of a page.

Colors of ink, lines and ground are CSS variables with the light page's colors to fall back on, so
that a page decides.
"""

import re
from html import escape
from io import StringIO

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, FAINT, GRID, GROUND = "#222222", "#9aa3ac", "#e4e7ea", "#ffffff"
"""What is drawn in these follows the page."""

_VARIABLES = {INK: "ink", FAINT: "faint", GRID: "grid", GROUND: "ground"}


def element(figure: Figure, description: str) -> str:
    """The figure as an element for HTML: as wide as its place, named, in the page's font."""
    text = StringIO()
    FigureCanvasSVG(figure)
    # For this drawing alone: letters stay letters, and names of clips follow from what is drawn.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": description}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    # Groups are numbered alike in every drawing; a page must not say an id twice.
    used = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    for color, name in _VARIABLES.items():
        svg = svg.replace(color, f"var(--plot-{name}, {color})")
    opening = re.compile(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', re.DOTALL)
    return opening.sub(
        lambda found: (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{found[1]}" role="img" '
            f'stroke-linejoin="round" font-family="system-ui, sans-serif">'
            f"<title>{escape(description)}</title>"
        ),
        svg,
        count=1,
    )
