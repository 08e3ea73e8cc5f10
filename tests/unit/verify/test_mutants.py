from __future__ import annotations

import math

import pytest

from procgen.ir.expressions import Column, Comparison, Membership, Reference, Threshold
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree, split_count
from procgen.ir.types import DType, Field, ListType
from procgen.ir.walk import trees_of
from procgen.verify.cover import cover_rows
from procgen.verify.mutants import chosen_changes, mutants
from procgen.verify.orders import ALIKE, EXACT, HIDDEN
from procgen.verify.sharp import Sharpener, sharp_rows
from procgen.verify.suites import suite_rows
from procgen.verify.telling import EQUAL_LEAVES, NO_ROW, NO_VALUE

LE, LT = Comparison.LE, Comparison.LT


def program(*trees, base=0.0, dtype=DType.FLOAT64):
    ensemble = Ensemble((Column("x"), Column("y")), tuple(map(Tree, trees)), (base,))
    return Program(
        (Field("x", dtype), Field("y", DType.TEXT)),
        (),
        (Binding("trees", ensemble), Binding("margin", Reference("trees"))),
        (Output(OutputName.MARGIN, ListType(DType.FLOAT64), "margin"),),
    )


def stump(low, high, value=1.5):
    split = Split(0, Threshold(LE, value), False, 1, 2)
    return (split, Leaf((low,)), Leaf((high,)))


def fates(model):
    """What becomes of each change: True where a row tells it, or the proof that none does."""
    sharpener = Sharpener(model, cover_rows(model))
    return {
        (change.kind, change.mutant(model).where): sharpener.add_row_for(change)
        or sharpener.proof(change)
        for change in chosen_changes(model, limit=200, seed=0)
    }


def test_every_thing_in_a_tree_is_changed():
    text = (Split(1, Membership(("a", "b")), True, 1, 2), Leaf((0.0,)), Leaf((3.0,)))
    found = [(mutant.kind, mutant.where) for mutant in mutants(program(stump(0.5, 2.0), text))]
    first, second = "trees tree 0 node 0, the input x", "trees tree 1 node 0, the input y"
    assert found.count(("threshold", first)) == 2
    for kind in ("comparison", "missing", "leaves swapped"):
        assert (kind, first) in found
    assert ("category", second) in found
    assert ("leaf", "trees tree 0 node 1") in found
    assert ("sum order", "trees, the last tree first") in found


def test_a_mutant_differs_in_one_place():
    model = program(stump(0.5, 2.0))
    split, low, high = model.binding("trees").trees[0].nodes
    for mutant in mutants(model):
        nodes = mutant.program.binding("trees").trees[0].nodes
        changed = sum(a != b for a, b in zip((split, low, high), nodes, strict=True))
        assert changed == (2 if mutant.kind == "leaves swapped" else 1)


def test_of_a_large_model_some_are_made_and_always_the_same():
    model = program(*(stump(0.5, 2.0, value) for value in range(50)))
    assert split_count(trees_of(model)) == 50
    some = [mutant.where for mutant in mutants(model, limit=10)]
    assert 10 < len(some) < len(list(mutants(model))) / 4
    assert some == [mutant.where for mutant in mutants(model, limit=10)]
    assert some != [mutant.where for mutant in mutants(model, limit=10, seed=1)]


def test_rows_tell_a_threshold_that_is_off_by_one_double():
    model = program(stump(0.5, 2.0))
    assert set(fates(model).values()) == {True}
    found = {row["x"] for row in [*cover_rows(model), *sharp_rows(model, cover_rows(model))]}
    assert {1.5, math.nextafter(1.5, 2)} <= found


def test_a_single_cannot_tell_two_doubles_apart():
    fate = fates(program(stump(0.5, 2.0, 1.1), dtype=DType.FLOAT32))
    kinds = [proof for (kind, _), proof in fate.items() if kind in ("threshold", "comparison")]
    assert set(kinds) == {NO_VALUE}


def test_equal_leaves_hide_what_leads_to_them():
    nodes = (Split(0, Threshold(LE, 1.5), False, 1, 2), Leaf((1.0,)), Leaf((1.0,)))
    fate = fates(program(nodes))
    assert {proof for (kind, _), proof in fate.items() if kind != "leaf"} == {EQUAL_LEAVES}


def test_no_row_comes_to_a_node_between_two_contradictions():
    inner = (Split(0, Threshold(LE, 0.0), False, 3, 4), Leaf((1.0,)), Leaf((2.0,)), Leaf((3.0,)))
    split = Split(0, Threshold(LE, 1.0), False, 2, 1)
    nodes = (split, inner[0], *inner[1:])
    fate = fates(program(nodes))
    assert fate["leaf", "trees tree 0 node 3"] == NO_ROW


def test_small_numbers_add_up_alike_in_any_order():
    three = program(stump(0.5, 2.0), stump(1.0, 3.0, 2.0), stump(4.0, 0.25, 3.0))
    assert fates(three)["sum order", "trees, the last tree first"] == EXACT


def test_two_trees_and_no_base_add_up_alike():
    fate = fates(program(stump(0.1, 0.7), stump(0.3, 1e9, 2.0)))
    assert fate["sum order", "trees, the last tree first"] == ALIKE


def test_an_order_of_three_trees_is_told_where_a_row_can_show_it():
    trees = stump(0.1, 0.7), stump(0.2, 1e9 + 0.1, 2.0), stump(0.3, 1e-9, 3.0)
    assert fates(program(*trees, base=0.1))["sum order", "trees, the last tree first"] is True


def test_rounding_hides_leaves_that_are_almost_equal():
    nearly = math.nextafter(1.0, 2)
    fate = fates(program(stump(1.0, nearly), base=1e18))
    others = {proof for (kind, _), proof in fate.items()}
    assert others == {HIDDEN}


@pytest.mark.parametrize("dtype", [DType.FLOAT64, DType.FLOAT32, DType.INT64])
def test_a_suite_has_every_row_once_and_in_its_type(dtype):
    rows = suite_rows(program(stump(0.5, 2.0), dtype=dtype), sample=[{"x": 1, "y": "mine"}])
    assert len({repr(row) for row in rows}) == len(rows)
    assert {"x": 1, "y": "mine"} in rows
