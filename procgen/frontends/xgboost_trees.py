"""XGBoost trees: `float32(x) < float32(t)` goes left, a category of the stored set goes right."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.registry import Feature
from procgen.frontends.trees import preorder
from procgen.frontends.xgboost_saved import LEAF, SavedModel, SavedTree
from procgen.ir.expressions import (
    Branch,
    Comparison,
    Constant,
    Expr,
    Match,
    Membership,
    Threshold,
)
from procgen.ir.float32 import LARGEST_FLOAT32, to_float32
from procgen.ir.trees import Leaf, Node, Split, Tree
from procgen.ir.types import DType, Scalar

LARGEST_MARGIN = 1.7e38
"""Half of the largest float32: the distance of two margins is then a float32 as well."""


@dataclass(frozen=True, slots=True)
class Hole:
    """The doubles from `low` to `high`, which the library takes for missing; `value` in float32."""

    value: float
    low: float
    high: float


ZERO = Hole(0.0, 0.0, 0.0)
"""What a sparse matrix does not hold is missing; a number that only rounds to 0 is held."""


def rounding_to(value: float) -> Hole:
    """The doubles that are `value` once they are rounded to float32."""
    middle = to_float32(value)
    if math.isinf(middle):
        bound = math.copysign(LARGEST_FLOAT32, middle)
        return Hole(middle, min(bound, middle), max(bound, middle))
    single = np.float32(middle)
    with np.errstate(over="ignore"):
        below = float(np.nextafter(single, np.float32(-np.inf)))
        above = float(np.nextafter(single, np.float32(np.inf)))
    low = (max(below, -LARGEST_FLOAT32) + middle) / 2
    high = (middle + min(above, LARGEST_FLOAT32)) / 2
    if to_float32(low) != middle:
        low = math.nextafter(low, math.inf)
    if to_float32(high) != middle:
        high = math.nextafter(high, -math.inf)
    return Hole(middle, low, high)


def without(expr: Expr, hole: Hole) -> Expr:
    """A feature that is missing where it lies in the hole."""
    nothing = Constant(None, DType.FLOAT64)
    match expr:
        case Match():
            return _match_without(expr, hole)
        case Constant(float() as value, _):
            return nothing if hole.low <= value <= hole.high else expr
        case _:
            upper = Threshold(Comparison.LE, hole.high)
            rest = Branch(expr, upper, then=nothing, otherwise=expr, missing=nothing)
            lower = Threshold(Comparison.LT, hole.low)
            return Branch(expr, lower, then=expr, otherwise=rest, missing=nothing)


def _match_without(table: Match, hole: Hole) -> Match:
    def kept(result: Constant) -> Constant:
        inside = isinstance(result.value, float) and hole.low <= result.value <= hole.high
        return Constant(None, result.dtype) if inside else result

    return Match(
        table.subject,
        tuple(replace(case, result=kept(case.result)) for case in table.cases),
        kept(table.otherwise),
        kept(table.missing),
    )


@dataclass(slots=True)
class Inputs:
    """The features that splits test: each as it is, and where it matters without the holes."""

    columns: tuple[Feature, ...]
    exprs: list[Expr]
    categories: tuple[tuple[Scalar, ...] | None, ...]
    holes: tuple[Hole, ...]
    _pierced: dict[int, int] = field(default_factory=dict)

    def tested(self, place: int, bound: float, *, default_left: bool) -> int:
        """The feature to compare with `bound`: a hole does not matter on the default's side."""
        if all((hole.value < bound) == default_left for hole in self.holes):
            return place
        if place not in self._pierced:
            expr = self.exprs[place]
            for hole in self.holes:
                expr = without(expr, hole)
            self._pierced[place] = len(self.exprs)
            self.exprs.append(expr)
        return self._pierced[place]

    def members(self, place: int, codes: list[int]) -> Membership:
        """The categories with these codes, in the type of the column."""
        known = self.categories[place]
        if known is not None:
            return Membership(tuple(known[code] for code in codes))
        column = self.columns[place]
        if column.dtype is DType.INT64:
            return Membership(tuple(codes))
        if not (isinstance(column.expr, Match) and column.dtype is DType.FLOAT64):
            raise UnsupportedModelError(
                f"the column {column.name!r} holds codes of categories and is {column.dtype}",
                hint="declare it as int64",
            )
        return Membership(tuple(map(float, codes)))


def read_tree(tree: SavedTree, inputs: Inputs, base: tuple[float, ...] | None) -> Tree:
    """One tree in preorder.

    Args:
        tree: as it is saved.
        inputs: the features; it learns which of them are tested without their holes.
        base: the margin before the first tree, where the library adds it to each weighted leaf and
            takes it off again; else None.
    """
    lists = tree.lists
    left, right = lists["left_children"], lists["right_children"]
    order = preorder(left, right)
    place = {node: position for position, node in enumerate(order)}
    values = _leaf_values(tree, base)
    sets = _category_sets(lists)
    nodes: list[Node] = []
    for node in order:
        if left[node] == LEAF:
            nodes.append(Leaf(values[node]))
        else:
            nodes.append(_split(lists, node, sets.get(node), inputs, place))
    return Tree(tuple(nodes), _outputs(tree))


def _split(
    lists: dict[str, Any],
    node: int,
    codes: list[int] | None,
    inputs: Inputs,
    place: dict[int, int],
) -> Split:
    feature, default_left = lists["split_indices"][node], bool(lists["default_left"][node])
    left, right = place[lists["left_children"][node]], place[lists["right_children"][node]]
    if codes is not None:
        return Split(feature, inputs.members(feature, codes), not default_left, right, left)
    if inputs.categories[feature] is not None:
        raise UnsupportedModelError(
            f"the column {inputs.columns[feature].name!r} is compared both as a category and as a"
            " number",
            hint="train again with the column as the one or the other",
        )
    bound = to_float32(lists["split_conditions"][node])
    test = Threshold(Comparison.LT, bound, DType.FLOAT32)
    tested = inputs.tested(feature, bound, default_left=default_left)
    return Split(tested, test, default_left, left, right)


def _category_sets(lists: dict[str, Any]) -> dict[int, list[int]]:
    """The stored codes of each node that splits categories."""
    starts = zip(
        lists["categories_nodes"],
        lists["categories_segments"],
        lists["categories_sizes"],
        strict=True,
    )
    return {node: sorted(lists["categories"][first : first + size]) for node, first, size in starts}


def _outputs(tree: SavedTree) -> tuple[int, ...]:
    width = _vector_width(tree)
    return tuple(range(width)) if width > 1 else (tree.group,)


def _vector_width(tree: SavedTree) -> int:
    return int(tree.lists["tree_param"]["size_leaf_vector"])


def _leaf_values(tree: SavedTree, base: tuple[float, ...] | None) -> list[tuple[float, ...]]:
    """For each node, what it would add as a leaf: float32 numbers."""
    lists, width = tree.lists, _vector_width(tree)
    if width > 1:
        vectors = np.array(lists["leaf_weights"], dtype=np.float32).reshape(-1, width).tolist()
        return [
            tuple(vectors[row]) if left == LEAF else ()
            for left, row in zip(lists["left_children"], lists["right_children"], strict=True)
        ]
    values = np.array(lists["split_conditions"], dtype=np.float32)
    if tree.weight is not None:
        values = _weighted(values, np.float32(tree.weight), base, tree.group)
    return [(value,) for value in values.tolist()]


def _weighted(
    values: np.ndarray, weight: np.float32, base: tuple[float, ...] | None, group: int
) -> np.ndarray:
    if base is not None:
        # The wrappers predict in place: there each tree of dart starts from the base margin.
        start = np.float32(base[group])
        values = (start + values) - start
    return values * weight


def require_finite_sums(model: SavedModel, trees: tuple[Tree, ...]) -> None:
    """Refuse a model whose margin could leave the range of float32.

    Raises:
        UnsupportedModelError: the leaves are too large.
    """
    total = max(map(abs, model.start))
    for tree in trees:
        leaves = (abs(v) for node in tree.nodes if isinstance(node, Leaf) for v in node.values)
        total += max(leaves)
    if not total <= LARGEST_MARGIN:
        raise UnsupportedModelError(
            f"the leaves of this model add up to {total!r}, beyond the range of float32",
            hint="scale the target and train again",
        )
