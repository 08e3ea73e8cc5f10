"""Any ensemble printed as Python scores a row as the interpreter scores it, bit for bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procgen.backends import dialect_named, python_trees
from procgen.backends.python_rows import printed_row
from procgen.backends.python_trees import Feature, TreePrinter
from procgen.ir.expressions import Comparison, Membership, Threshold
from procgen.ir.interpreter import interpret
from procgen.ir.trees import Leaf, Split, Tree
from procgen.ir.typing import Typing
from procgen.passes import lower
from procgen.verify.bits import same_bits
from procgen.verify.probes import probe_rows, random_rows
from tests.property.test_ensembles import programs
from tests.python_bodies import function_of


def answers(program, output, rows):
    """What the printed body says of each row."""
    steps = printed_row(program, Typing.of(program), output, takes_row=False)
    assert steps is not None
    made = [line for lines in steps.helpers.values() for line in lines]
    call = function_of("\n".join(made + steps.lines))
    found = [call(row) for row in rows]
    return [tuple(one) if isinstance(one, list) else one for one in found]


@given(programs(), st.sampled_from([1, 2, 5, 64]), st.sampled_from([2, 3, 80]))
@settings(max_examples=settings.default.max_examples * 2)
def test_a_random_ensemble_as_python(program, leaves, levels):
    """However few leaves an expression may have, and however few ifs stand inside one another."""
    lowered = lower(program, dialect_named("postgres").target)
    rows = [*probe_rows(program, limit=120), *random_rows(program, 40)]
    want = interpret(program, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_trees, "MOST_LEAVES", leaves)
        patch.setattr(python_trees, "MOST_LEVELS", levels)
        for output, values in want.items():
            found = answers(lowered, output, rows)
            for row, ours, theirs in zip(rows, found, values, strict=True):
                assert same_bits(ours, theirs), (output, row, ours, theirs)


def printed(test, *, left, may_be_missing=True, first="left"):
    """A split of two leaves and one as Python writes it; the side of one leaf comes first."""
    sides = (1, 2) if first == "left" else (2, 1)
    low = Split(0, Threshold(Comparison.LE, 0.5), False, 3, 4)
    nodes = (Split(0, test, left, *sides), Leaf((1.0,)), low, Leaf((2.0,)), Leaf((3.0,)))
    printer = TreePrinter([Feature("x", is_text=False, may_be_missing=may_be_missing)])
    return list(printer.lines(Tree(nodes), "t += "))[1].strip()


@pytest.mark.parametrize(
    ("first", "left", "may_be_missing", "condition"),
    [
        ("left", True, True, "not x > 1.5"),
        ("left", False, True, "x <= 1.5"),
        ("right", True, True, "x > 1.5"),
        ("right", False, True, "not x <= 1.5"),
        ("left", True, False, "x <= 1.5"),
        ("right", True, False, "x > 1.5"),
    ],
)
def test_a_comparison_is_false_of_what_is_missing(first, left, may_be_missing, condition) -> None:
    threshold = Threshold(Comparison.LE, 1.5)
    line = printed(threshold, left=left, may_be_missing=may_be_missing, first=first)
    assert line == f"1.0 if {condition} else"


@pytest.mark.parametrize(
    ("first", "left", "condition"),
    [
        ("left", False, "x in {1.0, 2.0}"),
        ("left", True, "x != x or x in {1.0, 2.0}"),
        ("right", False, "not (x in {1.0, 2.0})"),
        ("right", True, "not (x != x or x in {1.0, 2.0})"),
    ],
)
def test_a_membership_asks_for_what_is_missing(first, left, condition) -> None:
    line = printed(Membership((1.0, 2.0)), left=left, first=first)
    assert line == f"1.0 if {condition} else"
