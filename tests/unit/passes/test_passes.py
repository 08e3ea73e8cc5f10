"""What each pass does to a small expression, and that every pass keeps what a Program means."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from procgen.backends import DUCKDB, POSTGRES
from procgen.errors import InvalidProgramError, LimitError
from procgen.ir.domain import domains
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Case,
    Column,
    Comparison,
    Constant,
    Fill,
    Function,
    Interval,
    Match,
    Membership,
    Present,
    Sum,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field
from procgen.passes import PASSES, lower
from procgen.passes.fold_constants import fold_constants
from procgen.passes.gather_matches import gather_matches
from procgen.passes.pull_back_splits import pull_back_splits
from procgen.passes.settle_requirements import settle_requirements
from procgen.passes.trap_float32_sums import trap_float32_sums
from procgen.passes.trap_overflow import trap_overflow
from procgen.passes.trap_underflow import trap_underflow
from procgen.passes.widen_float32_splits import widen
from tests.golden_models import PROGRAMS

X = Column("x")
INPUTS = (
    Field("x", DType.FLOAT64),
    Field("n", DType.INT64),
    Field("flag", DType.BOOL),
    Field("plan", DType.TEXT),
)
LARGEST = 1.7976931348623157e308


def scored(value, *requirements) -> Program:
    return Program(
        INPUTS,
        requirements,
        (Binding("predict", value),),
        (Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
    )


def times(expr, weight: float) -> Binary:
    return Binary(BinaryOp.MULTIPLY, expr, number(weight))


def one_hot(category: str) -> Match:
    return Match(Column("plan"), (Case(category, number(1)),), number(0), number(0))


def result(step, value, target=POSTGRES):
    return step(scored(value), target.target).binding("predict")


def test_weights_move_into_tables() -> None:
    folded = result(fold_constants, times(one_hot("a"), -2.5))
    assert folded == Match(Column("plan"), (Case("a", number(-2.5)),), number(-0.0), number(-0.0))


def test_constants_are_computed_as_doubles() -> None:
    assert result(fold_constants, times(number(0.1), 3.0)) == number(0.30000000000000004)


def test_one_hot_terms_side_by_side_become_one_table() -> None:
    tables = [
        Match(Column("plan"), (Case(c, number(w)),), number(0), number(0))
        for c, w in (("a", 0.5), ("b", 2.0))
    ]
    gathered = result(gather_matches, Sum((X, *tables, number(1))))
    assert gathered == Sum(
        (
            X,
            Match(
                Column("plan"),
                (Case("a", number(0.5)), Case("b", number(2.0))),
                number(0),
                number(0),
            ),
            number(1),
        )
    )


def test_tables_that_are_not_zero_elsewhere_stay_apart() -> None:
    table = Match(Column("plan"), (Case("a", number(1)),), number(-0.25), number(0))
    other = replace(table, cases=(Case("b", number(1)),))
    assert result(gather_matches, Sum((table, other))) == Sum((table, other))


@pytest.mark.parametrize(
    ("threshold", "bound", "op"),
    [
        (0.5, 0.5000000298023224, "le"),
        (0.1, 0.09999999776482582, "le"),
        (math.inf, math.inf, "le"),
        (3.4028234663852886e38, 3.4028235677973366e38, "lt"),
    ],
)
def test_a_float32_threshold_is_the_double_halfway(threshold, bound, op) -> None:
    (wide,) = widen([Threshold(Comparison.LE, threshold, DType.FLOAT32)])
    assert (wide.value, wide.op, wide.precision) == (bound, op, DType.FLOAT64)


def split_on(feature, test, default_left=False) -> Program:
    tree = Tree((Split(0, test, default_left, 1, 2), Leaf((1.0,)), Leaf((0.0,))))
    return replace(
        scored(number(0)),
        bindings=(Binding("trees", Ensemble((feature,), (tree,), (0.0,))),),
        outputs=(Output(OutputName.PREDICT, DType.FLOAT64, "trees"),),
    )


def pulled(feature, test, default_left=False):
    ensemble = pull_back_splits(split_on(feature, test, default_left), DUCKDB.target).binding(
        "trees"
    )
    node = ensemble.trees[0].nodes[0]
    return ensemble.features[node.feature], node.test, node.default_left, node.left


LE = Comparison.LE


def test_a_split_on_an_integer_compares_integers() -> None:
    feature = Unary(UnaryOp.TO_FLOAT64, Column("n"))
    assert pulled(feature, Threshold(LE, 2.5)) == (
        Column("n"),
        Threshold(LE, 2, DType.INT64),
        False,
        1,
    )


def test_a_split_on_a_boolean_names_it() -> None:
    feature = Unary(UnaryOp.TO_FLOAT64, Column("flag"))
    assert pulled(feature, Threshold(LE, 0.5)) == (Column("flag"), Membership((False,)), False, 1)


def test_a_split_on_an_imputed_column_sends_missing_where_the_mean_goes() -> None:
    assert pulled(Fill(X, number(3.0)), Threshold(LE, 2.5))[2] is False
    assert pulled(Fill(X, number(2.0)), Threshold(LE, 2.5))[2] is True


def test_a_split_on_a_one_hot_column_is_membership_with_its_sides_swapped() -> None:
    assert pulled(one_hot("a"), Threshold(LE, 0.5)) == (
        Column("plan"),
        Membership(("a",)),
        False,
        2,
    )


def test_a_falling_function_swaps_the_sides() -> None:
    subject, test, _, left = pulled(times(X, -2.0), Threshold(LE, 3.0))
    assert (subject, left) == (X, 2)
    assert test == Threshold(LE, math.nextafter(-1.5, -math.inf))


def test_a_product_with_zero_is_left_alone() -> None:
    assert pulled(times(X, 0.0), Threshold(LE, 3.0))[0] == times(X, 0.0)


def settled(subject, test, accepts_missing=False):
    program = scored(X, Requirement(subject, test, accepts_missing, "why"))
    return settle_requirements(program, DUCKDB.target).requirements


def test_an_imputed_column_may_be_missing() -> None:
    (requirement,) = settled(Fill(X, number(1.0)), Interval(-LARGEST, LARGEST))
    assert (requirement.subject, requirement.accepts_missing) == (X, True)


def test_every_integer_is_in_range_but_it_must_be_there() -> None:
    whole = Unary(UnaryOp.TO_FLOAT64, Column("n"))
    (requirement,) = settled(whole, Interval(-LARGEST, LARGEST))
    assert (requirement.subject, requirement.test) == (Column("n"), Present())
    assert settled(whole, Interval(-LARGEST, LARGEST), accepts_missing=True) == ()


def test_a_range_moves_through_a_falling_function() -> None:
    (requirement,) = settled(times(X, -2.0), Interval(-6.0, 4.0))
    assert (requirement.subject, requirement.test) == (X, Interval(-2.0, 3.0))


def test_ranges_of_one_column_meet() -> None:
    program = scored(
        X,
        Requirement(X, Interval(-1.0, 5.0), True, "first"),
        Requirement(X, Interval(0.0, 9.0), False, "second"),
    )
    (requirement,) = settle_requirements(program, DUCKDB.target).requirements
    assert (requirement.test, requirement.accepts_missing) == (Interval(0.0, 5.0), False)


def test_only_postgres_needs_its_arithmetic_guarded() -> None:
    value = Sum((times(X, 0.5), times(X, 3.0)))
    assert trap_underflow(scored(value), DUCKDB.target) == scored(value)
    assert trap_overflow(scored(value), DUCKDB.target) == scored(value)
    guarded = result(trap_underflow, value)
    assert isinstance(guarded.terms[0], Branch)
    assert guarded.terms[1] == times(X, 3.0)


def test_a_difference_from_a_mean_cannot_underflow() -> None:
    scaled = Binary(BinaryOp.DIVIDE, Binary(BinaryOp.SUBTRACT, X, number(40.0)), number(8.0))
    assert result(trap_underflow, scaled) == scaled
    from_zero = Binary(BinaryOp.DIVIDE, X, number(8.0))
    assert isinstance(result(trap_underflow, from_zero), Branch)


def test_leaves_that_leave_the_range_of_doubles_are_refused_where_that_raises() -> None:
    tree = Tree((Leaf((1e308,)),))
    binding = Binding("trees", Ensemble((X,), (tree, tree), (0.0,)))
    program = replace(
        scored(number(0)),
        bindings=(binding,),
        outputs=(Output(OutputName.PREDICT, DType.FLOAT64, "trees"),),
    )
    with pytest.raises(LimitError, match="postgres raises"):
        lower(program, POSTGRES.target)
    assert lower(program, DUCKDB.target).binding("trees") == binding.value


def test_a_pass_that_breaks_a_rule_is_caught(monkeypatch) -> None:
    def breaks(program: Program, _) -> Program:
        return replace(program, outputs=())

    monkeypatch.setattr("procgen.passes.PASSES", (*PASSES, breaks))
    with pytest.raises(InvalidProgramError, match="needs an output"):
        lower(scored(X), DUCKDB.target)


@pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("name", PROGRAMS)
def test_lowering_changes_no_score(name: str, dialect) -> None:
    program = PROGRAMS[name]()
    lowered = lower(program, dialect.target)
    domain = domains(lowered)
    base = {column: values.ordinary[0] for column, values in domain.items()}
    rows = [
        base | {column: value}
        for column, values in domain.items()
        for value in (*values.ordinary, *values.edges)
        if not (isinstance(value, float) and 1e305 < abs(value) < math.inf)
    ]
    assert repr(interpret(lowered, rows)) == repr(interpret(program, rows))


def test_constants_keep_their_type_through_a_fill() -> None:
    table = Match(
        Column("plan"),
        (Case("a", Constant("b", DType.TEXT)),),
        Constant(None, DType.TEXT),
        Constant(None, DType.TEXT),
    )
    folded = result(fold_constants, Fill(table, Constant("none", DType.TEXT)))
    assert folded.otherwise == Constant("none", DType.TEXT)


def test_within_its_limits_no_sum_in_float32_leaves_the_range() -> None:
    weights = (3.0, -1e-3, 1e38, 0.0)
    names = ("a", "b", "c", "d")
    pairs = [part for name, w in zip(names, weights, strict=True) for part in (name, w)]
    items = (Column(part) if isinstance(part, str) else number(part) for part in pairs)
    total = Call(Function.WEIGHTED_SUM_FLOAT32, Vector((number(8e37), *items)))
    inputs = tuple(Field(name, DType.FLOAT64) for name in names)
    before = replace(scored(total), inputs=inputs)
    found = trap_float32_sums(before, DUCKDB.target).requirements
    limits = {r.subject.name: r.test.high for r in found}
    assert set(limits) == {"a", "b", "c"}
    for signs in itertools.product((1, -1), repeat=3):
        row = {name: sign * limits[name] for name, sign in zip("abc", signs, strict=True)}
        (score,) = interpret(before, [{**row, "d": 0.0}])[OutputName.PREDICT]
        assert math.isfinite(score)
    assert trap_float32_sums(scored(X), DUCKDB.target) == scored(X)
