"""The slow, obvious meaning of a Program, one row at a time: the oracle for every back-end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from procgen.ir import float32
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Choose,
    Column,
    Comparison,
    Constant,
    Element,
    Expr,
    Fill,
    Function,
    Interval,
    Match,
    Membership,
    Present,
    Reference,
    Sum,
    Test,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
)
from procgen.ir.leaf_sums import divided, sum_leaves
from procgen.ir.numpy_functions import NUMBER_FUNCTIONS, argmax, divide, numpy_sum, weighted_median
from procgen.ir.program import OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType, Scalar

Value = Scalar | tuple[Scalar, ...]
Row = Mapping[str, Scalar]
LARGEST_FLOAT32 = float32.LARGEST_FLOAT32
to_float32 = float32.to_float32


def interpret(program: Program, rows: Sequence[Row]) -> dict[OutputName, list[Value]]:
    """Score rows; a refused row is None in every output.

    Args:
        program: any Program that passes `check`.
        rows: a mapping from each input's name to its value; None or NaN is missing.

    Returns:
        For each output, one value a row; a list output gives tuples.
    """
    scores: dict[OutputName, list[Value]] = {output.name: [] for output in program.outputs}
    for row in rows:
        values = bind(program, row) if admits(program, row) else {}
        for output in program.outputs:
            scores[output.name].append(values.get(output.binding))
    return scores


def admits(program: Program, row: Row) -> bool:
    """Whether Python would score the row at all."""
    return all(meets(requirement, row) for requirement in program.requirements)


def meets(requirement: Requirement, row: Row) -> bool:
    """Whether a row keeps one requirement."""
    subject = evaluate(requirement.subject, row, {})
    if is_missing(subject):
        return requirement.accepts_missing
    match requirement.test:
        case Interval(low, high):
            assert isinstance(subject, int | float)  # noqa: S101 - narrows for mypy; check() types it
            return low <= subject <= high
        case Membership(categories):
            return subject in categories
        case Present():
            return True
        case _:
            assert_never(requirement.test)


def bind(program: Program, row: Row) -> dict[str, Value]:
    """The value of every binding for a row that is scored."""
    values: dict[str, Value] = {}
    for binding in program.bindings:
        match binding.value:
            case Ensemble() as ensemble:
                values[binding.name] = add_trees(ensemble, row, values)
            case expr:
                values[binding.name] = evaluate(expr, row, values)
    return values


def add_trees(ensemble: Ensemble, row: Row, values: Mapping[str, Value]) -> tuple[float, ...]:
    """The ensemble's list of sums for one row."""
    features = [evaluate(feature, row, values) for feature in ensemble.features]
    leaves = ((tree, reach_leaf(tree, features)) for tree in ensemble.trees)
    return divided(ensemble, sum_leaves(ensemble, leaves))


def reach_leaf(tree: Tree, features: Sequence[Value]) -> Leaf:
    """The leaf that a row with these feature values falls into."""
    node = tree.nodes[0]
    while not isinstance(node, Leaf):
        subject = features[node.feature]
        left = node.default_left if is_missing(subject) else passes(node.test, subject)
        node = tree.nodes[node.left if left else node.right]
    return node


def is_missing(value: Value) -> bool:
    """None is missing and so is NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def passes(test: Test, subject: Value) -> bool:
    """Whether a value that is not missing passes a test."""
    match test:
        case Membership(categories):
            return subject in categories
        case Threshold(op, bound, precision):
            assert isinstance(subject, int | float)  # noqa: S101 - narrows for mypy
            rounded = to_float32(subject) if precision is DType.FLOAT32 else subject
            return rounded <= bound if op is Comparison.LE else rounded < bound
        case _:
            assert_never(test)


def evaluate(expr: Expr, row: Row, values: Mapping[str, Value]) -> Value:  # noqa: C901, PLR0911, PLR0912 - one line a node
    """The value of one expression."""
    match expr:
        case Constant(value, _):
            return value
        case Column(name):
            return row[name]
        case Reference(name):
            return values[name]
        case Fill(operand, filler):
            found = evaluate(operand, row, values)
            return filler.value if is_missing(found) else found
        case Branch():
            return evaluate(_side(expr, evaluate(expr.subject, row, values)), row, values)
        case Match():
            return _matched(expr, evaluate(expr.subject, row, values))
        case Sum(terms):
            return _add([evaluate(term, row, values) for term in terms])
        case Vector(items):
            return tuple(_scalar(evaluate(item, row, values)) for item in items)
        case Element(vector, index):
            found = evaluate(vector, row, values)
            return found[index] if isinstance(found, tuple) else None
        case Choose(index_expr, options):
            chosen = evaluate(index_expr, row, values)
            return None if is_missing(chosen) else options[int(_float(chosen))].value
        case Unary(op, operand):
            found = evaluate(operand, row, values)
            return None if found is None else _unary(op, _float(found))
        case Binary(op, left, right):
            a, b = evaluate(left, row, values), evaluate(right, row, values)
            return None if a is None or b is None else _binary(op, _float(a), _float(b))
        case Call(function, argument):
            found = evaluate(argument, row, values)
            return None if found is None else _call(function, found)
        case _:
            assert_never(expr)


def _float(value: Value) -> float:
    return float(value)  # type: ignore[arg-type]


def _scalar(value: Value) -> Scalar:
    if isinstance(value, tuple):
        raise TypeError("a list inside a list")
    return value


def _side(branch: Branch, subject: Value) -> Expr:
    if is_missing(subject):
        return branch.missing
    return branch.then if passes(branch.test, subject) else branch.otherwise


def _matched(match_: Match, subject: Value) -> Scalar:
    if is_missing(subject):
        return match_.missing.value
    for case in match_.cases:
        if case.category == subject:
            return case.result.value
    return match_.otherwise.value


def _add(terms: Sequence[Value]) -> float | None:
    total = terms[0]
    for term in terms[1:]:
        total = None if total is None or term is None else _float(total) + _float(term)
    return None if total is None else _float(total)


def _unary(op: UnaryOp, operand: float) -> float:
    match op:
        case UnaryOp.NEGATE:
            return -operand
        case UnaryOp.ABSOLUTE:
            return abs(operand)
        case UnaryOp.TRUNCATE:
            return float(math.trunc(operand)) if math.isfinite(operand) else operand
        case UnaryOp.TO_FLOAT64:
            return operand
        case _:
            assert_never(op)


def _binary(op: BinaryOp, left: float, right: float) -> float:
    match op:
        case BinaryOp.ADD:
            return left + right
        case BinaryOp.SUBTRACT:
            return left - right
        case BinaryOp.MULTIPLY:
            return left * right
        case BinaryOp.DIVIDE:
            return divide(left, right)
        case _:
            assert_never(op)


def _call(function: Function, argument: Value) -> Value:
    if isinstance(argument, tuple):
        return _call_list(function, [_float(item) for item in argument])
    return OF_NUMBERS[function](_float(argument))


def _call_list(function: Function, items: list[float]) -> Value:
    match function:
        case Function.EXPIT_EACH:
            return tuple(expit(item) for item in items)
        case Function.SOFTMAX | Function.SOFTMAX_OF_LOGS:
            largest = max(items)
            powers = [exp(item - largest) for item in items]
            return _shares(powers)
        case Function.NORMALIZE:
            return _shares(items)
        case Function.SOFTMAX_FLOAT32:
            return float32.softmax(items)
        case Function.WEIGHTED_SUM_FLOAT32:
            return float32.weighted_sum(items)
        case Function.WEIGHTED_MEDIAN:
            return weighted_median(items)
        case Function.ARGMAX:
            return argmax(items)
        case _:
            raise TypeError(f"{function} does not take a list")


def _shares(items: list[float]) -> tuple[float, ...]:
    total = numpy_sum(items)
    return tuple(item / total if total else 1.0 / len(items) for item in items)


def exp(value: float) -> float:
    """The C library's exp: inf where `math.exp` raises."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def expit(value: float) -> float:
    """`1 / (1 + exp(-value))`, as scipy.special.expit computes it."""
    return 1.0 / (1.0 + exp(-value))


OF_NUMBERS: dict[Function, Callable[[float], float]] = NUMBER_FUNCTIONS | {
    Function.EXP: exp,
    Function.EXPIT: expit,
    Function.EXP2: lambda value: math.pow(2.0, value),
    Function.EXP_FLOAT32: float32.exp,
    Function.EXPIT_FLOAT32: float32.expit,
    Function.SOFTPLUS: lambda value: math.log1p(exp(value)),
}
