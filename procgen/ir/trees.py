"""Decision trees as flat tuples in preorder, so that nothing recurses over a model's size."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from procgen.ir.expressions import Expr, Test
from procgen.ir.types import DType


@dataclass(frozen=True, slots=True)
class Split:
    """An inner node: `left` where the test holds, else `right`; missing goes by `default_left`.

    `feature` is an index into `Ensemble.features`; `left` and `right` are indices into
    `Tree.nodes`, both above this node's own.
    """

    feature: int
    test: Test
    default_left: bool
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a tree adds: one value for each entry of `Tree.outputs`."""

    values: tuple[float, ...]


Node = Split | Leaf


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in preorder, root first, and the outputs that the leaf values are added to."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Ensemble:
    """A list with one value per output: `((base_score + tree) + tree) + ...`, then divided.

    Additions are made in the order of `trees` and in the `accumulate` type (XGBoost adds float32).
    `divisor` is the number of trees of an averaging forest, or None. Where `any_order` is set the
    order is free: a database may add in another one, within the bound of a sum (stumps.py).
    """

    features: tuple[Expr, ...]
    trees: tuple[Tree, ...]
    base_score: tuple[float, ...]
    divisor: float | None = None
    accumulate: DType = DType.FLOAT64
    # Left out of the JSON as it mostly is: a model whose order is kept keeps its digest.
    any_order: bool = field(default=False, metadata={"omitted": True})


def depth(tree: Tree) -> int:
    """The number of splits on the longest path from the root to a leaf."""
    levels = [0] * len(tree.nodes)
    deepest = 0
    for position, node in enumerate(tree.nodes):
        if isinstance(node, Split):
            below = levels[position] + 1
            levels[node.left] = levels[node.right] = below
            deepest = max(deepest, below)
    return deepest


def splits_of(trees: Iterable[Tree]) -> Iterator[Split]:
    """The splits of all the trees, in their order."""
    return (node for tree in trees for node in tree.nodes if isinstance(node, Split))


def tested_features(ensemble: Ensemble) -> list[int]:
    """The places of the features that some tree tests, in rising order."""
    return sorted({split.feature for split in splits_of(ensemble.trees)})


def split_count(trees: Iterable[Tree]) -> int:
    """The number of splits of all the trees together."""
    return sum(1 for _ in splits_of(trees))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Build many nodes without a search for garbage among them, which would take as long again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
