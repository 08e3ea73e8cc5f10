"""LightGBM's trees: a column within 1e-35 of zero counts as zero, which moves thresholds instead.

Sources: `Tree::NumericalDecision` and `Tree::CategoricalDecision` in LightGBM's tree.h;
`RowFunctionFromDenseMatric` in its c_api.cpp, which drops what is near zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from procgen.errors import CorruptFileError
from procgen.frontends.categories import Categories
from procgen.frontends.labels import to_number
from procgen.frontends.lightgbm_columns import MISSING, code_of
from procgen.frontends.lightgbm_text import CATEGORICAL_BIT, SavedTree
from procgen.frontends.registry import Feature, Frame
from procgen.ir.expressions import (
    Branch,
    Comparison,
    Expr,
    Match,
    Membership,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree, collector_paused

NEAR_ZERO = 1.0000000180025095e-35
"""kZeroThreshold, a float32: numbers as close to zero as this count as zero."""
BELOW_ZERO = math.nextafter(-NEAR_ZERO, -math.inf)
DEFAULT_LEFT_BIT = 2
ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2
NUMBER, NUMBER_OR_ZERO_MISSING, CATEGORY = range(3)
"""How a split reads a column."""


@dataclass(slots=True)
class TreeReader:
    """Reads trees over one frame, and collects the features that splits test, each once.

    Attributes:
        frame: the columns.
        levels: the levels of columns that pandas held as categories.
    """

    frame: Frame
    levels: Mapping[int, Categories]
    features: list[Expr] = field(default_factory=list)
    known: dict[tuple[int, int], int] = field(default_factory=dict)

    def ensemble(self, trees: Sequence[SavedTree], width: int) -> Ensemble:
        """The trees, each added to one of `width` outputs in turn."""
        with collector_paused():
            read = tuple(
                Tree(self.nodes(tree), (number % width,)) for number, tree in enumerate(trees)
            )
        return Ensemble(tuple(self.features), read, (0.0,) * width)

    def value(self, column: int) -> Expr:
        """A column as a number: that of its level where it has levels."""
        if not 0 <= column < len(self.frame.features):
            raise CorruptFileError(f"a tree reads column {column}, which is not there")
        feature, levels = self.frame.features[column], self.levels.get(column)
        return to_number(feature) if levels is None else code_of(feature, levels)

    def nodes(self, tree: SavedTree) -> tuple[Node, ...]:
        """The nodes in preorder."""
        order = _preorder(tree)
        place = {node: position for position, node in enumerate(order)}
        return tuple(
            Leaf((tree.leaves[~node],)) if node < 0 else self._split(tree, node, place)
            for node in order
        )

    def _split(self, tree: SavedTree, node: int, place: dict[int, int]) -> Split:
        decision, column = tree.decisions[node], tree.features[node]
        left, right = place[tree.left[node]], place[tree.right[node]]
        if decision & CATEGORICAL_BIT:
            test = Membership(tuple(map(float, _members(tree, node))))
            # A missing, unseen or negative category is in no set.
            return Split(self._feature(column, CATEGORY), test, False, left, right)  # noqa: FBT003
        kind, bound, default_left = _numeric(tree.thresholds[node], decision)
        test_number = Threshold(Comparison.LE, bound)
        return Split(self._feature(column, kind), test_number, default_left, left, right)

    def _feature(self, column: int, kind: int) -> int:
        key = (column, kind)
        if key not in self.known:
            self.known[key] = len(self.features)
            self.features.append(self._expr(column, kind))
        return self.known[key]

    def _expr(self, column: int, kind: int) -> Expr:
        value = self.value(column)
        match kind:
            case _ if kind == CATEGORY:
                feature = self.frame.features[column]
                return value if _is_whole(feature, value) else Unary(UnaryOp.TRUNCATE, value)
            case _ if kind == NUMBER_OR_ZERO_MISSING:
                near = Branch(value, Threshold(Comparison.LE, NEAR_ZERO), MISSING, value, MISSING)
                below = Threshold(Comparison.LE, BELOW_ZERO)
                return Branch(value, below, value, near, MISSING)
            case _:
                return value


def _preorder(tree: SavedTree) -> list[int]:
    order: list[int] = []
    waiting = [0 if tree.left else -1]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if node >= 0:
            waiting += (tree.right[node], tree.left[node])
    return order


def _members(tree: SavedTree, node: int) -> tuple[int, ...]:
    try:
        return tree.sets[int(tree.thresholds[node])]
    except IndexError as error:
        raise CorruptFileError("a split tests for a set of categories that is not there") from error


def _numeric(threshold: float, decision: int) -> tuple[int, float, bool]:
    """How to read the column, up to which number a row goes left, and where a missing one goes.

    Numbers near zero go where zero goes: all on one side of the bound. They need a reading of
    their own only where they are missing (zero_as_missing) and missing is not where zero goes.
    """
    if math.isnan(threshold):
        raise CorruptFileError("a split compares with NaN")
    to_left, missing_kind = bool(decision & DEFAULT_LEFT_BIT), decision >> 2 & 3
    zero_to_left = threshold >= 0
    bound = max(threshold, NEAR_ZERO) if zero_to_left else min(threshold, BELOW_ZERO)
    match missing_kind:
        case _ if missing_kind == NAN_IS_MISSING:
            return NUMBER, bound, to_left
        case _ if missing_kind == ZERO_IS_MISSING:
            kind = NUMBER if to_left is zero_to_left else NUMBER_OR_ZERO_MISSING
            return kind, bound, to_left
        case _:
            return NUMBER, bound, zero_to_left


def _is_whole(feature: Feature, value: Expr) -> bool:
    """Whether a number has nothing after the decimal point, so that it need not be cut off."""
    if not feature.dtype.is_float:
        return True
    match value:
        case Match(_, cases, otherwise, missing):
            results = (*(case.result for case in cases), otherwise, missing)
            return all(one.value is None or float(one.value).is_integer() for one in results)
        case _:
            return False
