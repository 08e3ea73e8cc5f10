"""Expressions that only rise or only fall with one value: proved by their parts, not by sampling.

A rounded sum, product or function of something that rises rises as well; two pieces of a Branch
rise together if the left one ends no higher than the right one starts. So a threshold on such an
expression is one threshold on the value inside, and the expression never has to run in a database.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Constant,
    Expr,
    Fill,
    Function,
    Match,
    Reference,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.interpreter import Value, evaluate, is_missing, passes
from procgen.ir.search import last_passing
from procgen.ir.types import DType
from procgen.ir.walk import children, descend, rewrite

VARIABLE = Reference("")
"""Stands for the value inside; no binding has this name."""
STARTS = {
    Function.EXPM1: -math.inf,
    Function.LOG: 0.0,
    Function.LOG10: 0.0,
    Function.LOG1P: -1.0,
    Function.LOG2: 0.0,
    Function.NORMAL_QUANTILE: 0.0,
    Function.NUMPY_EXP: -math.inf,
    Function.SQRT: 0.0,
}
"""Rising functions of one number, and the least number that each gives a number for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression of VARIABLE that is a number from `low` to `high` and NaN outside.

    `sign` is 1 where it rises, -1 where it falls and 0 where it is constant.
    """

    sign: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A monotonic expression of `inner`: `body` is the same with VARIABLE in its place."""

    inner: Expr
    body: Expr
    piece: Piece

    @property
    def wavers(self) -> bool:
        """Whether a function inside rises only but for a unit in the last place."""
        return any(
            isinstance(part, Call) and part.function is Function.NORMAL_QUANTILE
            for part in descend(self.body)
        )

    def at(self, value: float | None) -> Value:
        """The value of the expression where `inner` has this value."""
        return evaluate(self.body, {}, {VARIABLE.name: value})


def calls_function(expr: Expr) -> bool:
    """Whether a function is called that two libraries round apart; all round a root alike."""
    same = (Function.SQRT, Function.ARGMAX, Function.WEIGHTED_SUM_FLOAT32)
    return any(isinstance(part, Call) and part.function not in same for part in descend(expr))


@lru_cache(maxsize=4096)
def curve(expr: Expr) -> Curve | None:
    """The expression as a curve, or None if that is not proved; an input itself is no curve."""
    inner = _only_inner(expr)
    if inner is None or inner == expr:
        return None
    body = rewrite(expr, lambda part: VARIABLE if part == inner else part)
    piece = _Prover().piece(body, -math.inf, math.inf)
    return Curve(inner, body, piece) if piece is not None and piece.sign else None


def _only_inner(expr: Expr) -> Expr | None:
    found: set[Expr] = set()
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        match part:
            case Column() | Fill() | Match() | Unary(UnaryOp.TO_FLOAT64, _):
                found.add(part)
            case Unary() | Binary() | Branch() | Call():
                waiting.extend(children(part))
            case Constant():
                pass
            case _:
                return None
    return found.pop() if len(found) == 1 else None


class _Prover:
    """Finds the piece of each part; remembers them, because a clipped value stands three times."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, float, float], Piece | None] = {}

    def piece(self, expr: Expr, low: float, high: float) -> Piece | None:
        key = (id(expr), low, high)
        if key not in self._known:
            self._known[key] = self._prove(expr, low, high)
        return self._known[key]

    def _prove(self, expr: Expr, low: float, high: float) -> Piece | None:
        match expr:
            case Reference():
                return Piece(1, low, high)
            case Constant(value, _):
                return None if is_missing(value) else Piece(0, low, high)
            case Unary(UnaryOp.NEGATE, operand):
                return _turned(self.piece(operand, low, high))
            case Binary(op, left, right):
                pieces = (self.piece(left, low, high), self.piece(right, low, high))
                return _arithmetic(op, right, *pieces)
            case Call(function, argument) if function in STARTS:
                return _function(function, argument, self.piece(argument, low, high))
            case Branch():
                return self._joined(expr, low, high)
            case _:
                return None

    def _joined(self, branch: Branch, low: float, high: float) -> Piece | None:
        subject, test = self.piece(branch.subject, low, high), branch.test
        is_usual = isinstance(test, Threshold) and test.precision is DType.FLOAT64
        if subject is None or not is_usual:
            return None
        if (subject.low, subject.high) != (low, high):
            # Where the subject is no number, the branch is what it says for a missing one.
            if not (isinstance(branch.missing, Constant) and is_missing(branch.missing.value)):
                return None
            low, high = subject.low, subject.high
        rises = subject.sign >= 0

        def is_below(value: float) -> bool:
            return passes(test, _number(branch.subject, value)) is rises

        first, last = is_below(low), is_below(high)
        below, above = branch.then, branch.otherwise
        if not rises:
            below, above = above, below
        if first is last:
            return self.piece(below if first else above, low, high)
        cut = _last(is_below, subject, _guess(branch))
        after = math.nextafter(cut, math.inf)
        pieces = (self.piece(below, low, cut), self.piece(above, after, high))
        return _side_by_side(pieces, _number(below, cut), _number(above, after), (cut, after))


def _guess(branch: Branch) -> float:
    match branch:
        case Branch(Reference(), Threshold(_, value, _)):
            return float(value)
        case _:
            return 0.0


def _turned(piece: Piece | None) -> Piece | None:
    return None if piece is None else replace(piece, sign=-piece.sign)


def _arithmetic(
    op: BinaryOp, right: Expr, first: Piece | None, second: Piece | None
) -> Piece | None:
    if first is None or second is None:
        return None
    if op in (BinaryOp.MULTIPLY, BinaryOp.DIVIDE):
        match right:
            case Constant(float() as factor, _) if factor and math.isfinite(factor):
                return first if factor > 0 else _turned(first)
            case _:
                return None
    if op is BinaryOp.SUBTRACT:
        second = replace(second, sign=-second.sign)
    if first.sign * second.sign < 0:
        return None
    low, high = max(first.low, second.low), min(first.high, second.high)
    return Piece(first.sign or second.sign, low, high) if low <= high else None


def _function(function: Function, argument: Expr, piece: Piece | None) -> Piece | None:
    start = STARTS[function]
    if piece is None:
        return None

    def is_below(value: float) -> bool:
        return _number(argument, value) < start

    first, last = is_below(piece.low), is_below(piece.high)
    if not first and not last:
        return piece
    if first and last:
        return None
    if piece.sign > 0:
        least = math.nextafter(_last(is_below, piece, start), math.inf)
        return replace(piece, low=least + 0.0)
    return replace(piece, high=_last(lambda value: not is_below(value), piece, start))


def _last(accepts: Callable[[float], bool], piece: Piece, guess: float) -> float:
    """The last double of a piece that is accepted; its ends are known to differ."""

    def within(value: float) -> bool:
        return value < piece.low or (value <= piece.high and accepts(value))

    found = last_passing(within, guess)
    return -math.inf if found is None else found


def _side_by_side(
    pieces: tuple[Piece | None, Piece | None],
    at_end: float,
    at_start: float,
    limits: tuple[float, float],
) -> Piece | None:
    first, second = pieces
    if first is None or second is None or (first.high, second.low) != limits:
        return None
    signs = {first.sign, second.sign, (at_start > at_end) - (at_start < at_end)} - {0}
    if len(signs) > 1 or math.isnan(at_start) or math.isnan(at_end):
        return None
    return Piece(signs.pop() if signs else 0, first.low, second.high)


def _number(expr: Expr, value: float) -> float:
    found = evaluate(expr, {}, {VARIABLE.name: value})
    return math.nan if found is None else float(found)  # type: ignore[arg-type]
