"""Trees of one split whose leaves may be added in any order, where a user asks for that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from procgen.errors import LimitError
from procgen.ir.bounds import largest_sum
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree, split_count, splits_of
from procgen.ir.types import DType
from procgen.ir.walk import ensembles_of, rewrite_ensembles, trees_of

STUMP = 3
"""Nodes of a tree of one split."""
Values = tuple[float, ...]
"""One number for each output that a tree adds to."""


@dataclass(frozen=True, slots=True)
class Stump:
    """A tree of one split, and what its sides add."""

    split: Split
    left: Values
    right: Values

    @property
    def missing(self) -> Values:
        """What it adds where the subject is missing."""
        return self.left if self.split.default_left else self.right


def stump_of(tree: Tree) -> Stump | Leaf:
    """A tree of at most one split; the Leaf itself where there is none."""
    root = tree.nodes[0]
    if isinstance(root, Leaf):
        return root
    left, right = tree.nodes[root.left], tree.nodes[root.right]
    if isinstance(left, Leaf) and isinstance(right, Leaf):
        return Stump(root, left.values, right.values)
    raise TypeError("a tree of more than one split")


def in_any_order(program: Program) -> Program:
    """The same Program, whose leaves a database may add in any order.

    Raises:
        LimitError: saying which trees are not stumps, or why their order decides.
    """
    problem = _problem(program)
    if problem is not None:
        raise LimitError(
            f"the trees of this model cannot be step functions: {problem}",
            hint="train with one split a tree (max_depth=1, num_leaves=2), or choose another way "
            "with --lowering: all others are exact",
        )
    return _with_order(program, any_order=True)


def in_written_order(program: Program) -> Program:
    """The same Program, whose leaves are added as the library adds them."""
    return _with_order(program, any_order=False)


def can_be_steps(program: Program) -> bool:
    """Whether `in_any_order` takes the Program."""
    return _problem(program) is None


def free_ensembles(program: Program) -> dict[str, Ensemble]:
    """The ensembles that may be added in any order, by their bindings."""
    return {name: one for name, one in ensembles_of(program).items() if one.any_order}


def _problem(program: Program) -> str | None:
    """Why a Program's leaves cannot be added in any order, or None where they can."""
    if not any(splits_of(trees_of(program))):
        return "it has none"
    found = (problem for one in ensembles_of(program).values() for problem in _problems(one))
    return next(found, None)


def _problems(ensemble: Ensemble) -> Iterator[str]:
    if ensemble.accumulate is DType.FLOAT32:
        yield "their sum is made in float32, where each addition is rounded visibly"
    for place, tree in enumerate(ensemble.trees):
        if len(tree.nodes) > STUMP:
            yield f"tree {place} has {split_count((tree,)):,} splits"
    if not all(largest_sum(ensemble, one) < math.inf for one in range(len(ensemble.base_score))):
        yield "their sum may leave the range of doubles, and the order decides whether it does"


def _with_order(program: Program, *, any_order: bool) -> Program:
    return rewrite_ensembles(program, lambda one: replace(one, any_order=any_order))
