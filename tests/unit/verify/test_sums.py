"""A change of a leaf is shown by some way through the other trees, or proven to be hidden."""

from __future__ import annotations

import pytest

from procgen.ir.expressions import Column, Comparison, Element, Reference, Threshold
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field
from procgen.verify import sharp, sums
from procgen.verify.mutants import chosen_changes
from procgen.verify.sharp import Sharpener

LARGE = 2.0**60


def stump(feature: int, left: float, right: float) -> Tree:
    split = Split(feature, Threshold(Comparison.LE, 0.0), True, 1, 2)
    return Tree((split, Leaf((left,)), Leaf((right,))))


def program(*trees: Tree, accumulate: DType = DType.FLOAT64) -> Program:
    ensemble = Ensemble((Column("x"), Column("y"), Column("z")), trees, (0.0,), None, accumulate)
    return Program(
        inputs=tuple(Field(name, DType.FLOAT64) for name in "xyz"),
        requirements=(),
        bindings=(
            Binding("trees", ensemble),
            Binding("predict", Element(Reference("trees"), 0)),
        ),
        outputs=(Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
    )


def swap_of(one: Program, tree: int):
    changes = chosen_changes(one, limit=200, seed=0)
    return next(c for c in changes if c.kind == "leaves swapped" and c.tree == tree)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("accumulate", [DType.FLOAT64, DType.FLOAT32])
def test_the_one_way_that_shows_a_change_is_found(order, accumulate) -> None:
    trees = stump(0, LARGE, 1.0), stump(1, LARGE, 0.0), stump(2, 0.25, 0.5)
    one = program(*(trees[place] for place in order), accumulate=accumulate)
    sharpener = Sharpener(one, [])
    change = swap_of(one, order.index(2))
    assert sharpener.add_row_for(change)
    row = sharpener.rows[-1]
    assert row["x"] > 0
    assert row["y"] > 0
    assert sharpener.proof(change) is None


def test_a_change_that_every_way_hides_is_proven_so() -> None:
    one = program(stump(2, 0.25, 0.5), stump(0, 1.0, 2.0), stump(1, LARGE, -LARGE))
    sharpener = Sharpener(one, [])
    assert not sharpener.add_row_for(swap_of(one, 0))
    assert sharpener.proof(swap_of(one, 0))


def test_ways_that_are_too_many_prove_nothing(monkeypatch) -> None:
    one = program(stump(0, 1.0, 2.0), stump(1, LARGE, -LARGE), stump(2, 0.25, 0.5))
    monkeypatch.setattr(sums, "WAYS", 1)
    monkeypatch.setattr(sharp, "hides", lambda *_: False)
    assert Sharpener(one, []).proof(swap_of(one, 2)) is None
