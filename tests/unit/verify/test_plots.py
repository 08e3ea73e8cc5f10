from __future__ import annotations

import math
from xml.etree import ElementTree as ET

from procgen.verify.plots import bars, cells, distribution, pairs, shortened


def parts(drawing, tag, kind):
    return [one for one in ET.fromstring(drawing).iter(tag) if kind in one.get("class", "").split()]


def test_a_bar_for_each_count_and_none_for_nothing():
    drawing = bars(["0", "1", "2"], [100, 0, 1], "distances")
    heights = [float(one.get("height")) for one in parts(drawing, "rect", "bar")]
    assert len(heights) == 2
    assert heights[0] > heights[1] > 0


def test_equal_scores_are_one_shape():
    scores = [0.0, 0.1, 0.1, 0.9, 1.0]
    drawing = distribution(scores, scores, "spread")
    areas = parts(drawing, "rect", "python")
    (line,) = parts(drawing, "polyline", "database")
    tops = {f"{float(one.get('y')):.1f}" for one in areas}
    heights = {point.split(",")[1] for point in line.get("points").split()}
    assert tops <= heights


def test_scores_that_are_not_numbers_do_not_stop_a_drawing():
    distribution([math.nan, math.inf, 1.0], [], "spread")
    distribution([], [], "spread")
    distribution([5.0], [5.0], "spread")
    bars([], [], "nothing")
    cells([], [], "no trees")
    pairs([], [], [], "nothing")


def test_texts_are_escaped():
    drawing = pairs(["</svg><script>"], [1], [2], 'a "title" & more')
    assert "<script" not in drawing
    assert ET.fromstring(drawing).get("aria-label") == 'a "title" & more'


def test_a_square_for_each_tree():
    drawing = cells([1.0, 0.5], ["tree 0", "tree 1"], "trees")
    assert len(parts(drawing, "rect", "full")) == 1
    assert len(parts(drawing, "rect", "part")) == 1


def test_a_long_label_ends_in_dots():
    assert shortened("benign", 10) == "benign"
    assert shortened("a very long label", 8) == "a very \u2026"
