"""Trees as constant arrays of nodes that PL/pgSQL loops over: what is not visited costs nothing.

PostgreSQL prepares an expression anew in every transaction, at 0.2 microseconds a node of a nested
CASE, visited or not, and plans it once more in each session. An array is one constant, whatever it
holds. It stands in the expression itself: a variable would be copied on each call.

Split `n` tests number `f[n]` of the row against `t[n]`, and goes on to `l[n]` or `r[n]`; below 0
is the number of a leaf.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from procgen.backends import conditions
from procgen.backends.dialect import Dialect
from procgen.backends.node_lists import are_numbers, column_of, known_bound
from procgen.backends.routine import NodeLoop
from procgen.backends.trees import Subject
from procgen.ir.expressions import Membership
from procgen.ir.remembered import remembered
from procgen.ir.trees import Ensemble, Leaf, Split, Tree, splits_of
from procgen.ir.types import DType

WIDEST = 1_000
"""Numbers that a row becomes before its first tree, at some nanoseconds each."""
Number = tuple[int, frozenset[object] | None, bool]
"""A feature, the set that it is tested for if it is no number, and whether missing goes left."""


@remembered
def has_loop(ensemble: Ensemble) -> bool:
    """Whether every split is a number against a bound, and there are not too many numbers."""
    return are_numbers(ensemble) and len(set(map(_number, splits_of(ensemble.trees)))) <= WIDEST


def _number(split: Split) -> Number:
    return *column_of(split), split.default_left


@dataclass(slots=True)
class _Arrays:
    """Arrays that grow tree by tree."""

    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    lefts: list[int] = field(default_factory=list)
    rights: list[int] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    leaves: list[list[float]] = field(default_factory=list)

    def add(self, tree: Tree, positions: Sequence[int], numbers: dict[Number, int]) -> None:
        """Append a tree; of its leaves the values at `positions`."""
        places: list[int] = []
        splits, leaves = len(self.features), len(self.leaves)
        for node in tree.nodes:
            if isinstance(node, Split):
                splits += 1
                places.append(splits)
            else:
                leaves += 1
                places.append(-leaves)
        self.roots.append(places[0])
        for node in tree.nodes:
            if isinstance(node, Leaf):
                self.leaves.append([node.values[position] for position in positions])
                continue
            self.features.append(numbers[_number(node)])
            self.thresholds.append(known_bound(node))
            self.lefts.append(places[node.left])
            self.rights.append(places[node.right])


@dataclass(frozen=True, slots=True)
class LoopPrinter:
    """Prints the loops of one ensemble; `node` and `numbers` are the names of their variables."""

    dialect: Dialect
    ensemble: Ensemble
    subjects: Sequence[Subject]
    node: str
    numbers: str

    def loops(self, totals: dict[int, str]) -> list[NodeLoop]:
        """The loops that add every tree to the totals, which are named by their outputs."""
        splits: dict[Number, Split] = {}
        for split in splits_of(self.ensemble.trees):
            splits.setdefault(_number(split), split)
        numbers = {number: place for place, number in enumerate(splits, start=1)}
        row = [self._text(split) for split in splits.values()]
        return [
            self._loop(trees, group, numbers, row if place == 0 else None)
            for place, (group, trees) in enumerate(self._groups(totals))
        ]

    def _groups(self, totals: dict[int, str]) -> list[tuple[dict[int, str], list[Tree]]]:
        """Totals that share every tree are added in one loop; any other has a loop of its own."""
        trees = self.ensemble.trees
        if trees and all(set(totals) <= set(tree.outputs) for tree in trees):
            return [(totals, list(trees))]
        groups = [
            ({output: name}, [tree for tree in trees if output in tree.outputs])
            for output, name in totals.items()
        ]
        return [(group, own) for group, own in groups if own]

    def _loop(
        self,
        trees: list[Tree],
        totals: dict[int, str],
        numbers: dict[Number, int],
        row: list[str] | None,
    ) -> NodeLoop:
        arrays = _Arrays()
        for tree in trees:
            positions = [tree.outputs.index(output) for output in totals]
            arrays.add(tree, positions, numbers)
        kind = "float4" if self.ensemble.accumulate is DType.FLOAT32 else "float8"
        sums = tuple(
            (name, _array((leaf[place] for leaf in arrays.leaves), kind))
            for place, name in enumerate(totals.values())
        )
        return NodeLoop(
            node=self.node,
            numbers=self.numbers,
            row=None if row is None else f"ARRAY[{', '.join(row)}]::float8[]",
            roots=_array(arrays.roots, "int4"),
            features=_array(arrays.features, "int4"),
            thresholds=_array(arrays.thresholds, "float8"),
            lefts=_array(arrays.lefts, "int4"),
            rights=_array(arrays.rights, "int4"),
            sums=sums,
        )

    def _text(self, split: Split) -> str:
        """A number of the row; a missing value is what makes the test say where it goes.

        Right is where a test goes that is not true, so NULL and NaN may stay. Left is where
        minus infinity goes at any bound.
        """
        subject = self.subjects[split.feature]
        if isinstance(split.test, Membership):
            if subject.may_be_missing and split.default_left:
                no = conditions.failing(self.dialect, subject.text, subject.dtype, split.test)
                return f"CASE WHEN {no} THEN 1 ELSE 0 END"
            yes = conditions.passing(self.dialect, subject.text, subject.dtype, split.test)
            return f"CASE WHEN {yes} THEN 0 ELSE 1 END"
        number = self.dialect.to_float[subject.dtype].format(subject.text)
        if not (subject.may_be_missing and split.default_left):
            return number
        nan = self.dialect.literal(math.nan, DType.FLOAT64)
        lowest = self.dialect.literal(-math.inf, DType.FLOAT64)
        return f"coalesce(nullif({number}, {nan}), {lowest})"


_SPECIAL = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def _array(items: Iterable[float], kind: str) -> str:
    """A constant; without its type it would be read again on each call."""
    texts = (repr(item) for item in items)
    return f"('{{{','.join(_SPECIAL.get(text, text) for text in texts)}}}'::{kind}[])"
