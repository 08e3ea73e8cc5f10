"""Every value that a Program may take for one row, where libraries round in their own ways.

    exp() and its like     within 4 units in the last place of each other
    a weighted sum         as far apart as two orders of addition may be, if BLAS adds one of them
    stumps in any order    as far apart as two orders of addition may be

All else is IEEE arithmetic: rounding is monotonic, so the ends of an interval give the ends of the
result. A test that an interval straddles goes both ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, assert_never

from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Choose,
    Column,
    Constant,
    Element,
    Expr,
    Fill,
    Match,
    Reference,
    Sum,
    Test,
    Threshold,
    Unary,
    Vector,
)
from procgen.ir.interpreter import Row, evaluate, is_missing, passes, to_float32
from procgen.ir.program import Program
from procgen.ir.span_functions import apply_call
from procgen.ir.spans import (
    ANYTHING,
    EPSILON,
    MISSING,
    Enclosed,
    Item,
    Options,
    Span,
    apply_binary,
    apply_choice,
    apply_unary,
    hull,
    item_of,
    number_of,
    of_scalar,
    span_of,
    units_of,
    units_of_any_order,
)
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType, Scalar
from procgen.ir.walk import descend


def enclose(program: Program, row: Row, *, any_order: bool) -> dict[str, Enclosed]:
    """What each binding may be for a row that is scored.

    Args:
        program: the Program, lowered or not.
        row: a value for each input.
        any_order: whether weighted sums, and stumps in any order, may be added up in another one.
    """
    found = _Encloser(row, any_order=any_order)
    for binding in program.bindings:
        match binding.value:
            case Ensemble() as ensemble:
                found.values[binding.name] = found.ensemble(ensemble)
            case expr:
                found.values[binding.name] = found.of(expr)
    return found.values


def is_weighted_sum(total: Sum) -> bool:
    """Whether BLAS or NumPy may add this sum in an order of its own.

    Votes of trees and models are added as written; columns, and whatever has weights, are not.
    """
    if len(total.terms) < 3 and not any(isinstance(term, Sum) for term in total.terms):
        return False
    return any(_is_arithmetic(part) for term in total.terms for part in descend(term))


def _is_arithmetic(part: Expr) -> bool:
    match part:
        case Column():
            return True
        case Binary(op, _, _):
            return op is BinaryOp.MULTIPLY
        case _:
            return False


class _Encloser:
    """Encloses the bindings of one row one after another."""

    def __init__(self, row: Row, *, any_order: bool) -> None:
        self.row = row
        self.any_order = any_order
        self.values: dict[str, Enclosed] = {}

    def of(self, expr: Expr) -> Enclosed:  # noqa: C901, PLR0911, PLR0912 - one line a node
        match expr:
            case Constant(value, _):
                return of_scalar(value)
            case Column(name):
                return of_scalar(self.row[name])
            case Reference(name):
                return self.values[name]
            case Unary(op, operand):
                return apply_unary(op, self.item(operand))
            case Binary(op, left, right):
                return apply_binary(op, self.item(left), self.item(right))
            case Sum():
                return self.sum(expr)
            case Fill(operand, value):
                return self.fill(self.item(operand), value)
            case Branch():
                return self.branch(expr)
            case Match():
                return self.match(expr)
            case Choose(index, options):
                return apply_choice(self.item(index), options)
            case Call(function, argument):
                return apply_call(function, self.of(argument))
            case Vector(items):
                return tuple(self.item(item) for item in items)
            case Element(vector, index):
                found = self.of(vector)
                return found[index] if isinstance(found, tuple) else ANYTHING
            case _:
                assert_never(expr)

    def item(self, expr: Expr) -> Item:
        return item_of(self.of(expr))

    def sum(self, total: Sum) -> Item:
        """The ends of the sum as written, and on both sides what another order may change."""
        found, size, count = self._added(total)
        if not isinstance(found, Span):
            return found
        loose = self.any_order and is_weighted_sum(total)
        slack = units_of(count) * EPSILON * size if loose else 0.0
        return span_of(found.low - slack, found.high + slack)

    def _added(self, total: Sum) -> tuple[Item, float, int]:
        """The sum as written, the total of its absolute terms, and how many there are."""
        low = high = size = 0.0
        terms = 0
        for place, term in enumerate(total.terms):
            item, own, count = (
                self._added(term) if isinstance(term, Sum) else (self.item(term), 0.0, 1)
            )
            span = number_of(item)
            if span is None:
                return (MISSING if item == MISSING else ANYTHING), 0.0, 0
            low = low + span.low if place else span.low
            high = high + span.high if place else span.high
            size += own if count > 1 else span.size
            terms += count
        return span_of(low, high), size, terms

    def fill(self, item: Item, value: Constant) -> Enclosed:
        match item:
            case Options(values) if None in values:
                kept = values - {None}
                filled = of_scalar(value.value)
                return hull(Options(kept), filled) if kept else filled
            case _:
                return item

    def branch(self, branch: Branch) -> Enclosed:
        sides = {
            True: branch.then,
            False: branch.otherwise,
            None: branch.missing,
        }
        chosen = dict.fromkeys(sides[way] for way in _ways(self.item(branch.subject), branch.test))
        return hull(*(self.of(side) for side in chosen))

    def match(self, table: Match) -> Enclosed:
        results = [case.result for case in table.cases]
        match self.item(table.subject):
            case Options(values):
                found = [evaluate(_looked_up(table, value), {}, {}) for value in values]
            case Span(low, high) if low == high:
                found = [evaluate(_looked_up(table, low), {}, {})]
            case Span():
                found = [result.value for result in (*results, table.otherwise)]
            case _:
                found = [result.value for result in (*results, table.otherwise, table.missing)]
        return hull(*(of_scalar(value) for value in found if not isinstance(value, tuple)))

    def ensemble(self, ensemble: Ensemble) -> tuple[Item, ...]:
        features = [self.item(feature) for feature in ensemble.features]
        rounded = to_float32 if ensemble.accumulate is DType.FLOAT32 else float
        sums = [_Ends(rounded(base), rounded(base), abs(base), 1) for base in ensemble.base_score]
        for tree in ensemble.trees:
            leaves = _leaves(tree, features)
            for place, output in enumerate(tree.outputs):
                low, high, size, terms = sums[output]
                values = [leaf.values[place] for leaf in leaves]
                least, most = min(values), max(values)
                size += max(abs(least), abs(most))
                sums[output] = _Ends(rounded(low + least), rounded(high + most), size, terms + 1)
        loose = self.any_order and ensemble.any_order
        divisor = ensemble.divisor or 1.0
        return tuple(ends.divided(divisor, loose=loose) for ends in sums)


class _Ends(NamedTuple):
    """The ends of a sum of trees, the total of its largest terms, and how many there are."""

    low: float
    high: float
    size: float
    terms: int

    def divided(self, divisor: float, *, loose: bool) -> Item:
        """What the average may be; a loose sum may be added up in another order."""
        slack = units_of_any_order(self.terms) * EPSILON * self.size if loose else 0.0
        return span_of((self.low - slack) / divisor, (self.high + slack) / divisor)


def _looked_up(table: Match, value: Scalar) -> Match:
    return Match(Constant(value, DType.FLOAT64), table.cases, table.otherwise, table.missing)


def _ways(item: Item, test: Test) -> tuple[bool | None, ...]:
    """The outcomes of a test; None is that of a missing subject."""
    match item:
        case Options(values):
            ways = {None if is_missing(v) else passes(test, v) for v in values}
            return tuple(ways)
        case Span(low, high) if low == high or isinstance(test, Threshold):
            return tuple({passes(test, low), passes(test, high)})
        case Span():
            return (True, False)
        case _:
            return (True, False, None)


def _leaves(tree: Tree, features: Sequence[Item]) -> list[Leaf]:
    found: list[Leaf] = []
    waiting = [0]
    while waiting:
        node = tree.nodes[waiting.pop()]
        if isinstance(node, Leaf):
            found.append(node)
            continue
        for way in _ways(features[node.feature], node.test):
            left = node.default_left if way is None else way
            waiting.append(node.left if left else node.right)
    return found


def weighted_sums(program: Program) -> Mapping[str, tuple[Sum, ...]]:
    """Each binding that adds a weighted sum, with its sums."""
    found: dict[str, tuple[Sum, ...]] = {}
    for binding in program.bindings:
        value = binding.value
        parts = value.features if isinstance(value, Ensemble) else (value,)
        sums = tuple(
            inner
            for part in parts
            for inner in descend(part)
            if isinstance(inner, Sum) and is_weighted_sum(inner)
        )
        if sums:
            found[binding.name] = sums
    return found
