"""Each rule of a Program, broken once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from procgen.errors import InvalidProgramError
from procgen.ir.check import check, trees_of
from procgen.ir.expressions import (
    Case,
    Choose,
    Column,
    Comparison,
    Constant,
    Match,
    Membership,
    Reference,
    Sum,
    Threshold,
    number,
)
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree, depth
from procgen.ir.types import DType, Field
from tests.golden_models import PROGRAMS, boosted_classifier

FIELD = Field("x", DType.FLOAT64)
TEST = Threshold(Comparison.LE, 1.0)


def program(value, **changes) -> Program:
    whole = Program(
        inputs=(FIELD,),
        requirements=(),
        bindings=(Binding("predict", value),),
        outputs=(Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
    )
    return replace(whole, **changes)


def ensemble(*nodes, **changes) -> Program:
    whole = Ensemble((Column("x"),), (Tree(nodes),), (0.0,))
    return program(replace(whole, **changes))


LEAF = Leaf((1.0,))
BROKEN = {
    "needs an input": program(number(1), inputs=()),
    "two inputs share a name": program(number(1), inputs=(FIELD, FIELD)),
    "needs an output": program(number(1), outputs=()),
    "does not exist": program(
        number(1), outputs=(Output(OutputName.MARGIN, DType.FLOAT64, "margin"),)
    ),
    "reads the column 'y'": program(Column("y")),
    "before it is bound": program(Reference("later")),
    "is named twice": program(number(1), bindings=(Binding("predict", number(1)),) * 2),
    "holds 1 as a float64": program(Constant(1, DType.FLOAT64)),
    "an empty Sum": program(Sum(())),
    "chooses from nothing": program(Choose(number(0), ())),
    "matches one category twice": program(
        Match(Column("x"), (Case(1.0, number(1)),) * 2, number(0), number(0))
    ),
    "matches a missing category": program(
        Match(Column("x"), (Case(math.nan, number(1)),), number(0), number(0))
    ),
    "has 2 values for 1 outputs": ensemble(Leaf((1.0, 2.0))),
    "a child that does not come after it": ensemble(LEAF, Split(0, TEST, False, 0, 2), LEAF),
    "exactly one parent": ensemble(Split(0, TEST, False, 1, 1), LEAF, LEAF),
    "splits on feature 3 of 1": ensemble(Split(3, TEST, False, 1, 2), LEAF, LEAF),
    "compares with NaN": ensemble(
        Split(0, Threshold(Comparison.LE, math.nan), False, 1, 2), LEAF, LEAF
    ),
    "tests for a missing category": ensemble(
        Split(0, Membership((None,)), False, 1, 2), LEAF, LEAF
    ),
    "divides by 0.0": ensemble(LEAF, divisor=0.0),
    "accumulates text": ensemble(LEAF, accumulate=DType.TEXT),
    "an output that is not there": program(
        Ensemble((Column("x"),), (Tree((LEAF,), outputs=(4,)),), (0.0,))
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_rule_is_named(message: str) -> None:
    with pytest.raises(InvalidProgramError, match=message):
        check(BROKEN[message])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_valid_program_is_returned_itself(name: str) -> None:
    whole = PROGRAMS[name]()
    assert check(whole) is whole


def test_trees_that_were_checked_are_not_walked_again() -> None:
    whole = boosted_classifier()
    broken = ensemble(Leaf((1.0, 2.0)))
    assert check(broken, but=trees_of(broken)) is broken
    assert not trees_of(whole) & trees_of(broken)


def test_depth_counts_splits_on_the_longest_path() -> None:
    assert depth(Tree((LEAF,))) == 0
    chain = []
    for level in range(5_000):
        chain += [Split(0, TEST, False, 2 * level + 1, 2 * level + 2), LEAF]
    assert depth(Tree((*chain, LEAF))) == 5_000
