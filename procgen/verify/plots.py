"""Small charts as inline SVG: no script, no font and no file besides the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from markupsafe import Markup

WIDTH = 560
HEIGHT = 200
LEFT = 46
BOTTOM = 26
TOP = 16
BINS = 40
CELL = 11
LETTER = 6.4


def bars(labels: Sequence[str], counts: Sequence[int], title: str) -> Markup:
    """A bar for each label, with its count above; heights are logarithmic."""
    svg = _canvas(title)
    step = (WIDTH - LEFT) / max(len(labels), 1)
    most = math.log1p(max(counts, default=0)) or 1.0
    _line(svg, LEFT, HEIGHT - BOTTOM, WIDTH, HEIGHT - BOTTOM, "axis")
    for place, (label, count) in enumerate(zip(labels, counts, strict=True)):
        height = (HEIGHT - BOTTOM - TOP - 8) * math.log1p(count) / most
        middle = LEFT + step * (place + 0.5)
        if count:
            kind = "bar" if place == 0 else "bar far"
            top = HEIGHT - BOTTOM - height
            _rect(svg, middle - step * 0.36, top, step * 0.72, height, kind)
            _text(svg, middle, top - 4, f"{count:,}", "value")
        _text(svg, middle, HEIGHT - 9, label, "tick")
    return _markup(svg)


def pairs(
    labels: Sequence[str], python: Sequence[int], database: Sequence[int], title: str
) -> Markup:
    """Two bars for each label, one of Python's answers and one of the database's."""
    svg = _canvas(title)
    step = (WIDTH - LEFT) / max(len(labels), 1)
    most = max((*python, *database, 1))
    _scale(svg, most)
    for place, label in enumerate(labels):
        middle = LEFT + step * (place + 0.5)
        width = min(step * 0.34, 60)
        for count, left, kind in (
            (python[place], middle - width - 1, "python"),
            (database[place], middle + 1, "database solid"),
        ):
            height = (HEIGHT - BOTTOM - TOP) * count / most
            _rect(svg, left, HEIGHT - BOTTOM - height, width, height, kind)
            _text(svg, left + width / 2, HEIGHT - BOTTOM - height - 4, f"{count:,}", "value")
        _text(svg, middle, HEIGHT - 9, shortened(label, int(step / LETTER)), "tick")
    return _markup(svg)


def distribution(python: Sequence[float], database: Sequence[float], title: str) -> Markup:
    """Python's scores as an area and the database's as a line over it, in the same bins."""
    svg = _canvas(title)
    numbers = [value for value in (*python, *database) if math.isfinite(value)]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if not low < high:
        low, high = low - 0.5, high + 0.5
    ours, theirs = _binned(python, low, high), _binned(database, low, high)
    most = max((*ours, *theirs, 1))
    _scale(svg, most)
    step = (WIDTH - LEFT) / BINS
    for place, count in enumerate(ours):
        height = (HEIGHT - BOTTOM - TOP) * count / most
        if count:
            _rect(svg, LEFT + step * place, HEIGHT - BOTTOM - height, step - 1, height, "python")
    points = []
    for place, count in enumerate(theirs):
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * count / most
        points += [f"{LEFT + step * place:.1f},{y:.1f}", f"{LEFT + step * (place + 1):.1f},{y:.1f}"]
    ET.SubElement(svg, "polyline", {"points": " ".join(points), "class": "database"})
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        value = low + (high - low) * share
        x = LEFT + (WIDTH - LEFT) * share
        _text(svg, x, HEIGHT - 9, f"{value:.4g}", f"tick {anchor}")
    return _markup(svg)


def cells(shares: Sequence[float], titles: Sequence[str], title: str) -> Markup:
    """A square for each tree: full, or with a mark where something is not reached."""
    across = (WIDTH + CELL) // (CELL + 2)
    rows = max(1, math.ceil(len(shares) / across))
    width = min(len(shares), across) * (CELL + 2)
    svg = _canvas(title, max(width, CELL), rows * (CELL + 2))
    for place, (share, label) in enumerate(zip(shares, titles, strict=True)):
        x, y = place % across * (CELL + 2), place // across * (CELL + 2)
        square = _rect(svg, x, y, CELL, CELL, "cell full" if share >= 1 else "cell part")
        ET.SubElement(square, "title").text = label
    return _markup(svg)


def shortened(text: str, length: int) -> str:
    """The text, or its beginning."""
    length = max(length, 4)
    return text if len(text) <= length else text[: length - 1] + "\u2026"


def _binned(values: Sequence[float], low: float, high: float) -> list[int]:
    counts = [0] * BINS
    for value in values:
        if math.isfinite(value):
            counts[min(int((value - low) / (high - low) * BINS), BINS - 1)] += 1
    return counts


def _canvas(title: str, width: float = WIDTH, height: float = HEIGHT) -> ET.Element:
    svg = ET.Element(
        "svg",
        {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": title},
        width=f"{width:g}",
        height=f"{height:g}",
    )
    ET.SubElement(svg, "title").text = title
    return svg


def _scale(svg: ET.Element, most: int) -> None:
    """Lines at nothing, half and the highest count."""
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share
        _line(svg, LEFT, y, WIDTH, y, "axis" if not share else "grid")
        _text(svg, LEFT - 6, y + 4, f"{most * share:,.0f}", "tick end")


def _rect(
    svg: ET.Element, x: float, y: float, width: float, height: float, kind: str
) -> ET.Element:
    places = {"x": x, "y": y, "width": width, "height": height}
    values = {name: f"{value:.1f}" for name, value in places.items()}
    return ET.SubElement(svg, "rect", {**values, "class": kind})


def _line(svg: ET.Element, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
    places = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    values = {name: f"{value:.1f}" for name, value in places.items()}
    ET.SubElement(svg, "line", {**values, "class": kind})


def _text(svg: ET.Element, x: float, y: float, text: str, kind: str) -> None:
    ET.SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": kind}).text = text


def _markup(svg: ET.Element) -> Markup:
    # ElementTree has escaped every text and attribute.
    return Markup(ET.tostring(svg, encoding="unicode"))  # noqa: S704
