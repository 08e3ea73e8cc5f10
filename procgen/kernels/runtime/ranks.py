"""Every feature becomes a small whole number: its place among the values at which trees decide.

1 .. n + 1   above n sorted cuts: `x <= cuts[k - 1]` is `code <= k`, for any type of x
1 .. n       the categories, n + 1 any other
n + 2        missing
0            missing, in the copy of a feature for nodes whose missing values go left
"""

from __future__ import annotations

import bisect

import numpy as np

from procgen.kernels.runtime.values import doubles, missing, places_in


def codes_of(value, feature):
    """The codes of one feature's cells."""
    if feature["kind"] == "category":
        return places_in(value, feature["listed"]) + 1
    listed = feature["array"]
    cells = value[0] if listed.dtype.kind == "i" else doubles(value[0])
    codes = np.searchsorted(listed, cells) + 1
    gone = missing(value)
    if gone is not None:
        codes[gone] = len(listed) + 2
    return codes


def codes_of_row(cells, features):
    """The codes of one row, plain integers; a cell is None where it is NULL."""
    codes = []
    for cell, (find, listed, last) in zip(cells, features, strict=True):
        if cell is None or cell != cell:  # noqa: PLR0124 - true of NaN
            codes.append(last)
        elif find is None:
            codes.append(listed.get(cell, last - 2) + 1)
        else:
            codes.append(find(listed, cell) + 1)
    return codes


def row_feature(feature):
    """What finding the code of one cell needs, in one tuple."""
    listed, last = feature["listed"], len(feature["listed"]) + 2
    if feature["kind"] == "category":
        return None, {category: place for place, category in enumerate(listed)}, last
    return bisect.bisect_left, listed, last


def goes_right(feature, test, *, missing_left):
    """For each code of a feature, whether a node with this test sends it right."""
    count = len(feature["listed"])
    if feature["kind"] == "category":
        right = np.ones(count + 3, dtype=bool)
        right[[member + 1 for member in test]] = False
    else:
        right = np.arange(count + 3) > test
    right[0] = False
    right[count + 2] = not missing_left
    return right
