"""An ensemble as lists: what every node tests, where it leads, and what its leaves add.

Node `n` tests column `features[n]` against `thresholds[n]`: its left child is `lefts[n]` and its
right one the next; `missing[n]` is 1 where a missing value goes right. A leaf is its own left child
below a threshold of infinity, so that a walk may go on too long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from procgen.ir.cuts import cut_at
from procgen.ir.expressions import Membership, Test
from procgen.ir.remembered import remembered
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree, depth, splits_of
from procgen.ir.types import DType

LARGEST_INTEGER = 2**53
WIDEST = 1_000
DEEPEST = 200

Column = tuple[int, frozenset[object] | None]
"""A feature, and for a set of categories the set: its column holds 1 outside of the set."""


@remembered
def has_lists(ensemble: Ensemble) -> bool:
    """Whether every split is a number against a bound, and outputs are laid out in one way."""
    if not 0 < max(map(depth, ensemble.trees), default=0) <= DEEPEST:
        return False
    everything = tuple(range(len(ensemble.base_score)))
    shapes = {tree.outputs for tree in ensemble.trees}
    if shapes != {everything} and any(len(shape) > 1 for shape in shapes):
        return False
    return are_numbers(ensemble) and len(set(map(column_of, splits_of(ensemble.trees)))) <= WIDEST


@remembered
def are_numbers(ensemble: Ensemble) -> bool:
    """Whether every split is a number against a bound, or a set of categories."""
    return all(bound(split.test) is not None for split in splits_of(ensemble.trees))


def bound(test: Test) -> float | None:
    """The largest number on the left side, or None where no double is that bound."""
    if isinstance(test, Membership):
        return 0.5
    is_whole = test.precision is DType.INT64
    last = cut_at(test.op, test.value, DType.INT64 if is_whole else DType.FLOAT64)
    # Larger integers would be rounded when they become doubles.
    if last is None or (is_whole and abs(last) >= LARGEST_INTEGER):
        return None
    return float(last)


def column_of(split: Split) -> Column:
    """What a split reads of a row."""
    test = split.test
    return split.feature, frozenset(test.categories) if isinstance(test, Membership) else None


@dataclass(frozen=True, slots=True)
class Lists:
    """One ensemble as lists; positions count from 1.

    Attributes:
        columns: for each column of the walk a split that reads it.
        values: for each place in a leaf's values one list over all nodes.
        roots: for each output the roots of the trees that are added to it.
    """

    columns: Mapping[Column, Split]
    features: Sequence[int]
    thresholds: Sequence[float]
    lefts: Sequence[int]
    missing: Sequence[int]
    values: Sequence[Sequence[float]]
    roots: Sequence[Sequence[int]]
    levels: int

    @property
    def is_shared(self) -> bool:
        """Whether every tree adds to every output, so that one walk answers them all."""
        return len(self.values) > 1


@dataclass(slots=True)
class _Filling:
    """Lists that grow tree by tree, and the columns met so far."""

    columns: dict[Column, Split] = field(default_factory=dict)
    places: dict[Column, int] = field(default_factory=dict)
    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    lefts: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    leaves: list[tuple[float, ...] | None] = field(default_factory=list)

    def add(self, tree: Tree) -> int:
        """Append a tree level by level, so that siblings are neighbours; return its root."""
        base, order, waiting = len(self.lefts) + 1, [0], 0
        while waiting < len(order):
            node = tree.nodes[order[waiting]]
            if isinstance(node, Split):
                self._append(node, base + len(order))
                order += (node.left, node.right)
            else:
                self._append(node, base + waiting)
            waiting += 1
        return base

    def _append(self, node: Node, left: int) -> None:
        self.lefts.append(left)
        if isinstance(node, Leaf):
            self.features.append(1)
            self.thresholds.append(math.inf)
            self.missing.append(0)
            self.leaves.append(node.values)
            return
        column = column_of(node)
        self.columns.setdefault(column, node)
        self.features.append(self.places.setdefault(column, len(self.places) + 1))
        self.thresholds.append(known_bound(node))
        self.missing.append(0 if node.default_left else 1)
        self.leaves.append(None)


def known_bound(split: Split) -> float:
    """The bound of a split that has one."""
    found = bound(split.test)
    if found is None:
        raise TypeError(f"{split.test} has no bound")
    return found


@remembered
def node_lists(ensemble: Ensemble) -> Lists:
    """The lists of an ensemble for which a walk pays."""
    filling = _Filling()
    roots: list[list[int]] = [[] for _ in ensemble.base_score]
    for tree in ensemble.trees:
        root = filling.add(tree)
        for output in tree.outputs:
            roots[output].append(root)
    width = max(len(tree.outputs) for tree in ensemble.trees)
    return Lists(
        columns=filling.columns,
        features=filling.features,
        thresholds=filling.thresholds,
        lefts=filling.lefts,
        missing=filling.missing,
        values=[
            [0.0 if leaf is None else leaf[place] for leaf in filling.leaves]
            for place in range(width)
        ],
        roots=roots,
        levels=max(depth(tree) for tree in ensemble.trees),
    )
