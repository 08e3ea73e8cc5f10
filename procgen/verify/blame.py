"""Which tree gave a wrong score: the one with a leaf that makes the live sum to the last bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from procgen.ir.expressions import (
    Column,
    Comparison,
    Element,
    Expr,
    Membership,
    Reference,
    Test,
    Threshold,
)
from procgen.ir.interpreter import Row, Value, admits, evaluate, is_missing, passes
from procgen.ir.leaf_sums import divided, sum_leaves
from procgen.ir.program import OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.verify.bits import same_bits

UNKNOWN = "cannot be told"
NEAR = 1e-4
"""How far a leaf may be from the difference before its sum is made in full; float32 sums round."""
SHOWN = 3

Sums = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A leaf of a tree that the row should not have reached, and that explains the live sum."""

    tree: int
    node: int


def blame(program: Program, row: Row, margin: Value) -> str:
    """Name the tree that went another way than the interpreter, if exactly one explains the margin.

    Args:
        program: as it runs in the database.
        row: the row with a wrong score.
        margin: what the database answered; the trees show in it alone.
    """
    found = _summed(program)
    if found is None or not admits(program, row):
        return UNKNOWN
    ensemble, place = found
    live = _numbers(margin, ensemble, place)
    if live is None:
        return UNKNOWN
    features = [evaluate(feature, row, {}) for feature in ensemble.features]
    walks = [_walk(tree, features) for tree in ensemble.trees]
    leaves = [_leaf(tree, walk[-1]) for tree, walk in zip(ensemble.trees, walks, strict=True)]
    totals = _totals(ensemble, leaves)
    if all(same_bits(totals[output], value) for output, value in live.items()):
        return "no tree: the margin is right"
    suspects = list(_suspects(ensemble, leaves, live))
    trees = sorted({suspect.tree for suspect in suspects})
    if len(trees) != 1:
        return UNKNOWN + _either(trees)
    return _story(ensemble, walks[trees[0]], suspects)


def _summed(program: Program) -> tuple[Ensemble, int | None] | None:
    """The ensemble that the margin shows as it is, and which of its sums; None is all of them."""
    output = program.output(OutputName.MARGIN)
    if output is None:
        return None
    value: Expr | Ensemble = Reference(output.binding)
    place: int | None = None
    while isinstance(value, Reference | Element):
        if isinstance(value, Element):
            place, value = value.index, value.vector
        else:
            value = program.binding(value.name)
    plain = isinstance(value, Ensemble) and all(isinstance(f, Column) for f in value.features)
    return (value, place) if isinstance(value, Ensemble) and plain else None


def _numbers(margin: Value, ensemble: Ensemble, place: int | None) -> Mapping[int, float] | None:
    """The live sums by output of the ensemble."""
    values = margin if isinstance(margin, tuple) else (margin,)
    outputs = range(len(ensemble.base_score)) if place is None else (place,)
    numbers = [value for value in values if isinstance(value, float)]
    if not len(numbers) == len(values) == len(outputs):
        return None
    return dict(zip(outputs, numbers, strict=True))


def _walk(tree: Tree, features: Sequence[Value]) -> list[int]:
    """The nodes from the root to the leaf of a row."""
    walk = [0]
    while isinstance(node := tree.nodes[walk[-1]], Split):
        subject = features[node.feature]
        left = node.default_left if is_missing(subject) else passes(node.test, subject)
        walk.append(node.left if left else node.right)
    return walk


def _leaf(tree: Tree, node: int) -> Leaf:
    leaf = tree.nodes[node]
    if not isinstance(leaf, Leaf):
        raise TypeError(f"node {node} is no leaf")
    return leaf


def _totals(ensemble: Ensemble, leaves: Sequence[Leaf]) -> tuple[float, ...]:
    pairs = zip(ensemble.trees, leaves, strict=True)
    return divided(ensemble, sum_leaves(ensemble, pairs))


def _suspects(
    ensemble: Ensemble, leaves: Sequence[Leaf], live: Mapping[int, float]
) -> Iterator[Suspect]:
    """Every leaf that, put in the place of its tree's own, gives the live sums bit for bit."""
    sums = _totals(ensemble, leaves)
    scale = ensemble.divisor or 1.0
    moved = {output: (live[output] - sums[output]) * scale for output in live}
    near = NEAR * max(max(abs(value) for value in live.values()) * scale, 1.0)
    for number, tree in enumerate(ensemble.trees):
        for place, node in enumerate(tree.nodes):
            if not isinstance(node, Leaf) or node == leaves[number]:
                continue
            pairs = zip(tree.outputs, node.values, leaves[number].values, strict=True)
            if not all(abs(new - old - moved.get(o, new - old)) <= near for o, new, old in pairs):
                continue
            swapped = _totals(ensemble, [*leaves[:number], node, *leaves[number + 1 :]])
            if all(same_bits(swapped[output], value) for output, value in live.items()):
                yield Suspect(number, place)


def _story(ensemble: Ensemble, walk: Sequence[int], suspects: Sequence[Suspect]) -> str:
    """Where the tree went another way, if all leaves that explain it lie on one side of a split."""
    tree = ensemble.trees[suspects[0].tree]
    parents = {
        child: place
        for place, node in enumerate(tree.nodes)
        if isinstance(node, Split)
        for child in (node.left, node.right)
    }
    turns = {_turn(parents, walk, suspect.node) for suspect in suspects}
    name = f"tree {suspects[0].tree}"
    if len(turns) > 1:
        return f"{name} gave {_leaf(tree, suspects[0].node).values}"
    ((place, child),) = turns
    split = tree.nodes[place]
    if not isinstance(split, Split):
        raise TypeError(f"node {place} is no split")
    side = "left" if child == split.left else "right"
    subject = ensemble.features[split.feature]
    column = subject.name if isinstance(subject, Column) else "a feature"
    return f"{name} went {side} at {column} {_spelled(split.test)}"


def _turn(parents: Mapping[int, int], walk: Sequence[int], leaf: int) -> tuple[int, int]:
    """The split at which the way to a leaf leaves the walk, and the child that it takes."""
    here = leaf
    while parents[here] not in walk:
        here = parents[here]
    return parents[here], here


def _spelled(test: Test) -> str:
    match test:
        case Threshold(op, value, _):
            return f"{'<=' if op is Comparison.LE else '<'} {value!r}"
        case Membership(categories):
            names = ", ".join(map(repr, categories[:SHOWN]))
            return f"in ({names}{', ...' if len(categories) > SHOWN else ''})"


def _either(trees: Sequence[int]) -> str:
    if not trees:
        return ""
    names = " or ".join(str(tree) for tree in trees[:SHOWN])
    return f": tree {names}" + (" or another" if len(trees) > SHOWN else "") + " would explain it"
