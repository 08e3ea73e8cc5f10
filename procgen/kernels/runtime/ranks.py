"""Every feature becomes a small whole number: its place among the values at which trees decide.

1 .. n + 1   above n sorted cuts: `x <= cuts[k - 1]` is `code <= k`, for any type of x
1 .. n       the categories, n + 1 any other
n + 2        missing
0            missing, in the copy of a feature for nodes whose missing values go left
"""

from __future__ import annotations

import bisect

import numpy as np

from procgen.kernels.runtime.values import doubles, holds_nan, missing, places_in

SPOTS_A_CUT, MOST_SPOTS = 8, 1 << 18
WORTH_SPOTS = 2048
MOST_HALVINGS = 3
"""Above, cuts are so unevenly spread that searching all of them is as fast."""
CELLS_AT_ONCE = 1 << 14
FAR = 2.0**60
"""Where the squares of spots sum up to less, each of them is a whole number of 32 bits."""


class Grid:
    """Sorted cuts, and spots of equal width between the first and the last: few cuts share a spot.

    The spot of a number rounds, but never falls as the number rises. So all cuts in earlier spots
    are below it, all in later ones above it, and only those in its own are compared.
    """

    def __init__(self, cuts):
        self.cuts = cuts
        finite = cuts[np.isfinite(cuts)] if cuts.dtype.kind == "f" else cuts
        first, last = (float(finite[0]), float(finite[-1])) if len(finite) else (0.0, 0.0)
        self.low, self.span = first, last - first
        spots = min(max(1, SPOTS_A_CUT * len(cuts)), MOST_SPOTS)
        self._cut_into(spots)
        while self.halvings > 1 and spots < WORTH_SPOTS:
            spots *= 2
            self._cut_into(spots)
        above = np.inf if cuts.dtype.kind == "f" else np.iinfo(np.int64).max
        ends = np.full(1 << self.halvings, above, dtype=cuts.dtype)
        self.ends = np.concatenate([ends[:1], cuts, ends])

    def _cut_into(self, spots):
        self.top = spots - 1.0
        self.scale = spots / self.span if self.span > 0.0 else 0.0
        # A sum of squares below this one: no cell is so far away that its spot is not a number.
        self.near = max(0.0, 2.0**60 / max(self.scale, 1.0) - abs(self.low)) ** 2
        with np.errstate(all="ignore"):
            own = np.clip(self._spots(self.cuts), 0, spots - 1)
        # For each spot the lowest code in it; and the cuts by the code that ends at each.
        self.starts = np.searchsorted(own, np.arange(spots + 1)) + 1
        self.halvings = int(np.diff(self.starts).max()).bit_length()

    def _spots(self, cells):
        spots = np.subtract(cells, self.low, dtype=np.float64)
        spots *= self.scale
        # The last spot's number is the limit, but comparing takes longer than all the rest.
        if cells.dtype.kind != "f" or not cells.dot(cells) < self.near:
            spots = np.minimum(spots, self.top)
        return spots.astype(np.intp)

    def codes(self, cells):
        """For each cell, one more than the cuts below it; of NaN any number."""
        if self.halvings > MOST_HALVINGS:
            return np.searchsorted(self.cuts, cells) + 1
        found = self.starts[:-1].take(self._spots(cells), mode="clip")
        for halving in range(self.halvings - 1, -1, -1):
            step = 1 << halving
            passed = self.ends.take(found + (step - 1) if halving else found) < cells
            found += passed * step if halving else passed
        return found


def codes_of(value, feature):
    """The codes of one feature's cells."""
    if feature["kind"] == "category":
        return places_in(value, feature["listed"]) + 1
    grid, (cells, null) = feature["grid"], value
    if grid.cuts.dtype.kind != "i":
        cells = doubles(cells)
    codes = grid.codes(cells)
    if null is not None or holds_nan(cells):
        codes[missing(value)] = len(grid.cuts) + 2
    return codes


class Ranks:
    """The codes of every feature; of doubles for some features at once, as calls cost more."""

    def __init__(self, features):
        self.features, self.alike = features, {}
        for place, feature in enumerate(features):
            grid = feature.get("grid")
            if grid and grid.cuts.dtype.kind == "f" and grid.halvings <= MOST_HALVINGS:
                self.alike.setdefault(grid.halvings, []).append(place)

    def codes(self, values, rows):
        """The codes of a block of rows, for each feature."""
        codes = [None] * len(values)
        at_once = max(1, CELLS_AT_ONCE // max(1, rows))
        for halvings, places in self.alike.items():
            full = [place for place in places if is_full(values[place])]
            for first in range(0, len(full), at_once):
                some = full[first : first + at_once]
                cells = [values[place][0] for place in some]
                found = codes_of_some(cells, [self.features[p]["grid"] for p in some], halvings)
                if found is not None:
                    for place, own in zip(some, found, strict=True):
                        codes[place] = own
        for place, own in enumerate(codes):
            if own is None:
                codes[place] = codes_of(values[place], self.features[place])
        return codes


def is_full(value):
    """Whether cells are doubles without NULL."""
    cells, null = value
    return null is None and cells.dtype == np.float64


def codes_of_some(columns, grids, halvings):
    """The codes of columns of doubles; None where one is NaN or too far from the cuts to tell."""
    limits = np.empty((len(columns), len(columns[0])))
    for cells, grid, spots in zip(columns, grids, limits, strict=True):
        np.subtract(cells, grid.low, spots)
    limits *= np.array([grid.scale for grid in grids])[:, None]
    flat = limits.reshape(-1)
    if not flat.dot(flat) < FAR:
        return None
    # By way of 32 bits, for which processors have an instruction.
    places = limits.astype(np.int32).astype(np.intp)
    codes, passed = np.empty_like(places), np.empty(places.shape, dtype=bool)
    for grid, spots, found in zip(grids, places, codes, strict=True):
        grid.starts[:-1].take(spots, None, found, "clip")
    for halving in range(halvings - 1, -1, -1):
        step = 1 << halving
        ends = np.add(codes, step - 1, places) if halving else codes
        for line, (cells, grid) in enumerate(zip(columns, grids, strict=True)):
            grid.ends.take(ends[line], None, limits[line], "clip")
            np.less(limits[line], cells, passed[line])
        codes += passed * step if halving else passed
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
