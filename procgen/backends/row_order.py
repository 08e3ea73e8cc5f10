"""An order of the rows in which those that stand together go the same way at most splits.

DuckDB evaluates a CASE for a vector of 2,048 rows at a time. Every split that one of them reaches
costs it half a microsecond, and two more lists of rows where they part. Rows in the order of the
cells of a k-d tree over the model's own thresholds (Bentley 1975, "Multidimensional binary search
trees used for associative searching") reach fewer splits together. No score depends on the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from procgen.ir.expressions import Column, Threshold
from procgen.ir.program import Program
from procgen.ir.remembered import remembered
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree, split_count
from procgen.ir.walk import ensembles_of

DEPTH = 6
"""Of the k-d tree: with more than 64 cells few vectors of 100,000 rows would be within one."""

TEST = 4e-9
"""Seconds that a row takes less for each test that all of its cell pass alike."""
COLUMN = 10e-9
"""Seconds that a row takes more for each column that is sorted."""

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_Level = list[tuple[Tree, int, int | None, int]]
"""A node, and which side of which split it is."""


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The cells of a k-d tree over the features of an ensemble.

    Attributes:
        cells: an ensemble of that tree alone; its leaves are the numbers of the cells in order.
        before: tests that a row meets, if both sides of each are as likely.
        after: those of them whose outcome a cell leaves open, if all cells are as likely.
    """

    cells: Ensemble
    before: float
    after: float

    def saving(self, columns: int) -> float:
        """Seconds a row that the order of so many columns is worth, less what it costs."""
        return TEST * (self.before - self.after) - COLUMN * columns

    @classmethod
    def of(cls, ensemble: Ensemble) -> RowOrder:
        """The order for an ensemble."""
        tests = _Tests.of(ensemble)
        growth = _Growth(tests)
        edge = np.full(len(ensemble.features), np.inf)
        growth.grow(-edge, edge, 0)
        cells = Ensemble(ensemble.features, (Tree(tuple(growth.nodes)),), (0.0,))
        return cls(cells, float(tests.open_between(-edge, edge).sum()), growth.after)


_order_of = remembered(RowOrder.of)


def row_order(program: Program) -> RowOrder | None:
    """The order that the largest ensemble asks for, where it is worth sorting the inputs."""
    ensembles = ensembles_of(program).values()
    largest = max(ensembles, key=lambda ensemble: split_count(ensemble.trees))
    order = _order_of(largest)
    return order if order.saving(len(program.inputs)) > 0 else None


@dataclass(slots=True)
class _Growth:
    """A k-d tree in preorder, each cell parted where most is left to be tested."""

    tests: _Tests
    nodes: list[Node] = field(default_factory=list)
    cells: int = 0
    after: float = 0.0

    def grow(self, low: Floats, high: Floats, level: int) -> None:
        """Append the nodes for what is between two thresholds of each feature."""
        often = self.tests.open_between(low, high)
        if level == DEPTH or not often.any():
            self.nodes.append(Leaf((float(self.cells),)))
            self.cells += 1
            self.after += float(often.sum()) / 2**level
            return
        chosen = self.tests.middle(often)
        split, value = self.tests.splits[chosen], self.tests.values[chosen]
        place = len(self.nodes)
        self.nodes.append(split)
        self.grow(low, _with(high, split.feature, value), level + 1)
        self.nodes[place] = replace(
            split, default_left=False, left=place + 1, right=len(self.nodes)
        )
        self.grow(_with(low, split.feature, value), high, level + 1)


@dataclass(frozen=True, slots=True)
class _Tests:
    """The splits of all trees, level by level.

    Attributes:
        splits: n of them.
        features: of each.
        values: its threshold; NaN of a split on anything but a column's number.
        below: the places of the splits to its left and its right, -1 for a leaf; shape (n, 2).
        roots: how many of them no other is above.
        levels: where each level begins, and n.
    """

    splits: Sequence[Split]
    features: Places
    values: Floats
    below: Places
    roots: int
    levels: Sequence[int]

    @classmethod
    def of(cls, ensemble: Ensemble) -> _Tests:
        """Gather the splits of an ensemble."""
        splits: list[Split] = []
        below: list[list[int]] = []
        levels = [0]
        level: _Level = [(tree, 0, None, 0) for tree in ensemble.trees]
        while level:
            following: _Level = []
            for tree, place, parent, side in level:
                node = tree.nodes[place]
                if isinstance(node, Split):
                    own = len(splits)
                    if parent is not None:
                        below[parent][side] = own
                    below.append([-1, -1])
                    splits.append(node)
                    following += [(tree, node.left, own, 0), (tree, node.right, own, 1)]
            level = following
            levels.append(len(splits))
        values = [_threshold(ensemble, split) for split in splits]
        features = [split.feature for split in splits]
        places = np.array(features, dtype=np.intp)
        sides = np.array(below, dtype=np.intp).reshape(-1, 2)
        roots = sum(isinstance(tree.nodes[0], Split) for tree in ensemble.trees)
        return cls(splits, places, np.array(values), sides, roots, levels)

    def open_between(self, low: Floats, high: Floats) -> Floats:
        """How often a row between bounds meets each split, where they leave its outcome open."""
        is_left = self.values >= high[self.features]
        is_right = self.values <= low[self.features]
        to_left = np.where(is_left, 1.0, np.where(is_right, 0.0, 0.5))
        shares = np.stack([to_left, 1 - to_left], axis=1)
        often = np.zeros(len(self.splits) + 1)
        often[: self.roots] = 1
        for start, end in pairwise(self.levels):
            often[self.below[start:end]] = often[start:end, None] * shares[start:end]
        return np.where(is_left | is_right | np.isnan(self.values), 0.0, often[:-1])

    def middle(self, often: Floats) -> int:
        """The split with half of the tests on its feature below it, of the feature most tested."""
        feature = np.bincount(self.features, weights=often).argmax()
        own = np.flatnonzero((self.features == feature) & (often > 0))
        own = own[np.argsort(self.values[own], kind="stable")]
        sums = often[own].cumsum()
        return int(own[np.searchsorted(sums, sums[-1] / 2)])


def _threshold(ensemble: Ensemble, split: Split) -> float:
    is_column = isinstance(ensemble.features[split.feature], Column)
    return split.test.value if is_column and isinstance(split.test, Threshold) else np.nan


def _with(bounds: Floats, feature: int, value: float) -> Floats:
    changed = bounds.copy()
    changed[feature] = value
    return changed
