"""Programs that are wrong in one place each, as a broken routine would be."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from procgen.ir.expressions import (
    Column,
    Comparison,
    Expr,
    Membership,
    Test,
    Threshold,
)
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree, split_count
from procgen.ir.types import DType
from procgen.ir.walk import columns_of, trees_of
from procgen.verify.constants import other_constants

LIMIT = 200
"""Splits up to which every mutant is made; of larger models some are taken at random."""
Kind = Literal[
    "threshold", "comparison", "missing", "category", "leaf", "leaves swapped", "sum order",
    "precision", "constant",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A lowered Program with one thing changed.

    Attributes:
        kind: what was changed.
        where: in words, such as "tree 17 node 4, the input tenure_months".
        program: the Program with the change.
    """

    kind: str
    where: str
    program: Program


@dataclass(frozen=True, slots=True)
class Change:
    """Another node in the place of one node of one tree."""

    kind: Kind
    binding: str
    tree: int
    node: int
    become: tuple[tuple[int, Node], ...]

    def mutant(self, program: Program) -> Mutant:
        """The Program with this change."""
        return Mutant(self.kind, where(program, self), applied(program, self))


@dataclass(frozen=True, slots=True)
class Whole:
    """Another value for one binding."""

    kind: Kind
    binding: str
    where: str
    value: Expr | Ensemble

    def mutant(self, program: Program) -> Mutant:
        """The Program with this change."""
        return Mutant(self.kind, self.where, with_value(program, self.binding, self.value))


def mutants(program: Program, *, limit: int = LIMIT, seed: int = 0) -> Iterator[Mutant]:
    """Each Program that differs from a lowered one in one threshold, leaf, side or constant.

    Args:
        program: a lowered Program.
        limit: up to this many splits all are made; above it, those of about so many splits.
        seed: another seed takes others.
    """
    for change in chosen_changes(program, limit=limit, seed=seed):
        yield change.mutant(program)


AnyChange = Change | Whole


def chosen_changes(program: Program, *, limit: int, seed: int) -> list[AnyChange]:
    """The changes of `mutants`."""
    in_trees = list(tree_changes(program))
    others = list(whole_changes(program))
    pick = random.Random(seed)  # noqa: S311 - the same ones every time, not secrets
    splits = split_count(trees_of(program))
    if splits > limit:
        in_trees = pick.sample(in_trees, len(in_trees) * limit // splits)
    if len(others) > limit:
        others = pick.sample(others, limit)
    return [*in_trees, *others]


def applied(program: Program, change: Change) -> Program:
    """The Program with one change to a tree."""
    ensemble = _ensemble(program, change.binding)
    tree = ensemble.trees[change.tree]
    nodes = list(tree.nodes)
    for place, node in change.become:
        nodes[place] = node
    trees = list(ensemble.trees)
    trees[change.tree] = replace(tree, nodes=tuple(nodes))
    return with_value(program, change.binding, replace(ensemble, trees=tuple(trees)))


def with_value(program: Program, name: str, value: Expr | Ensemble) -> Program:
    """The Program with another value for one binding."""
    bindings = (replace(b, value=value) if b.name == name else b for b in program.bindings)
    return replace(program, bindings=tuple(bindings))


def where(program: Program, change: Change) -> str:
    """The place of a change in words."""
    ensemble = _ensemble(program, change.binding)
    place = f"{change.binding} tree {change.tree} node {change.node}"
    node = ensemble.trees[change.tree].nodes[change.node]
    if not isinstance(node, Split):
        return place
    names = " and ".join(columns_of(ensemble.features[node.feature]))
    return f"{place}, the input {names}" if names else place


def tree_changes(program: Program) -> Iterator[Change]:
    """Every change to one node of a tree, and every pair of sibling leaves swapped."""
    types: dict[Expr, DType] = {Column(f.name): f.dtype for f in program.inputs}
    for binding in program.bindings:
        if not isinstance(binding.value, Ensemble):
            continue
        features = [types.get(f, DType.FLOAT64) for f in binding.value.features]
        for number, tree in enumerate(binding.value.trees):
            ends = _ends(tree)
            for place, node in enumerate(tree.nodes):
                if isinstance(node, Leaf):
                    other = ((place, _other_leaf(node, ends)),)
                    yield Change("leaf", binding.name, number, place, other)
                    continue
                for kind, become in _node_changes(tree.nodes, place, node, features):
                    yield Change(kind, binding.name, number, place, become)


Become = tuple[tuple[int, Node], ...]


def _node_changes(
    nodes: Sequence[Node], place: int, node: Split, features: Sequence[DType]
) -> Iterator[tuple[Kind, Become]]:
    yield "missing", ((place, replace(node, default_left=not node.default_left)),)
    match node.test:
        case Threshold() as test:
            yield from _threshold_changes(place, node, test, features[node.feature])
        case Membership(categories):
            for category in categories[:1]:
                others = tuple(one for one in categories if one != category)
                yield "category", ((place, replace(node, test=Membership(others))),)
    left, right = nodes[node.left], nodes[node.right]
    if isinstance(left, Leaf) and isinstance(right, Leaf) and left != right:
        yield "leaves swapped", ((node.left, right), (node.right, left))


def _threshold_changes(
    place: int, node: Split, test: Threshold, dtype: DType
) -> Iterator[tuple[Kind, Become]]:
    for value in _next_values(test, dtype):
        yield "threshold", ((place, replace(node, test=replace(test, value=value))),)
    yield "comparison", ((place, replace(node, test=_other_comparison(test))),)


def _other_comparison(test: Threshold) -> Threshold:
    return replace(test, op=Comparison.LT if test.op is Comparison.LE else Comparison.LE)


def other_tests(test: Test, dtype: DType) -> Iterator[Test]:
    """The tests that a change puts in the place of one on a number."""
    if isinstance(test, Threshold):
        yield _other_comparison(test)
        yield from (replace(test, value=value) for value in _next_values(test, dtype))


def _next_values(test: Threshold, dtype: DType) -> Iterator[float | int]:
    if dtype is DType.INT64 and isinstance(test.value, int):
        yield from (value for value in (test.value - 1, test.value + 1) if abs(value) < 2**63)
        return
    for end in (-math.inf, math.inf):
        value = math.nextafter(test.value, end)
        if math.isfinite(value):
            yield value + 0.0


def whole_changes(program: Program) -> Iterator[Whole]:
    """Sums added in another order or precision, and constants that are off."""
    for binding in program.bindings:
        name, value = binding.name, binding.value
        if not isinstance(value, Ensemble):
            for place, changed in other_constants(value):
                yield Whole("constant", name, f"{name}, {place}", changed)
            continue
        if len(value.trees) > 1:
            last_first = replace(value, trees=(value.trees[-1], *value.trees[:-1]))
            yield Whole("sum order", name, f"{name}, the last tree first", last_first)
        if value.accumulate is DType.FLOAT32:
            wide = replace(value, accumulate=DType.FLOAT64)
            yield Whole("precision", name, f"{name}, added as doubles", wide)


def _ends(tree: Tree) -> tuple[Leaf, Leaf]:
    leaves = [node for node in tree.nodes if isinstance(node, Leaf)]
    return min(leaves, key=lambda leaf: leaf.values), max(leaves, key=lambda leaf: leaf.values)


def _other_leaf(leaf: Leaf, ends: tuple[Leaf, Leaf]) -> Leaf:
    """A leaf of the same tree that is far from this one; of a tree that has one, its double."""
    low, high = ends
    if low == high:
        return Leaf(tuple(value * 2 if value else 1.0 for value in leaf.values))
    middle = low.values[0] / 2 + high.values[0] / 2
    return low if leaf == high or (leaf != low and leaf.values[0] > middle) else high


def _ensemble(program: Program, name: str) -> Ensemble:
    found = program.binding(name)
    if not isinstance(found, Ensemble):
        raise TypeError(f"{name} is not an ensemble")
    return found
