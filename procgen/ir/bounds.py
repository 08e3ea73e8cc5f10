"""How large a value can be, whatever the row: through references, into the leaves of ensembles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import assert_never

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
    Function,
    Match,
    Reference,
    Sum,
    Unary,
    Vector,
)
from procgen.ir.interpreter import exp
from procgen.ir.trees import Ensemble, Leaf
from procgen.ir.walk import descend, rewrite

Bindings = Mapping[str, Expr | Ensemble]
SHARES = frozenset(
    {
        Function.EXPIT,
        Function.EXPIT_EACH,
        Function.SOFTMAX,
        Function.SOFTMAX_OF_LOGS,
        Function.NORMALIZE,
    }
)
"""Functions whose values lie from 0 to 1; NORMALIZE is given what is not negative."""


class Bounds:
    """Numbers that the absolute value of an expression never exceeds; inf where a column decides.

    Of a list it is the bound of every item. Each binding's bound is kept, because models inside
    models refer to one binding often.
    """

    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self._known: dict[str, float] = {}

    def of(self, expr: Expr) -> float:  # noqa: C901, PLR0911, PLR0912 - one line a node
        """The bound of one expression."""
        match expr:
            case Constant(value, _):
                return _size(value)
            case Column():
                return math.inf
            case Reference(name):
                return self._of_binding(name)
            case Unary(_, operand):
                return self.of(operand)
            case Fill(operand, value):
                return max(self.of(operand), _size(value.value))
            case Binary(op, left, right):
                return self._of_binary(op, left, right)
            case Sum(terms):
                return math.fsum(map(self.of, terms)) if self._finite(terms) else math.inf
            case Branch(_, _, then, otherwise, missing):
                return max(self.of(then), self.of(otherwise), self.of(missing))
            case Match(_, cases, otherwise, missing):
                results = (*(case.result for case in cases), otherwise, missing)
                return max(_size(result.value) for result in results)
            case Choose(_, options):
                return max(_size(option.value) for option in options)
            case Call(function, argument):
                return self._of_call(function, argument)
            case Vector(items):
                return max(map(self.of, items))
            case Element(vector, index):
                return self._of_element(vector, index)
            case _:
                assert_never(expr)

    def _finite(self, terms: tuple[Expr, ...]) -> bool:
        return all(self.of(term) < math.inf for term in terms)

    def _of_binding(self, name: str) -> float:
        if name not in self._known:
            match self.bindings[name]:
                case Ensemble() as ensemble:
                    width = range(len(ensemble.base_score))
                    self._known[name] = max(largest_sum(ensemble, output) for output in width)
                case expr:
                    self._known[name] = self.of(expr)
        return self._known[name]

    def _of_element(self, vector: Expr, index: int) -> float:
        while isinstance(vector, Reference):
            match self.bindings[vector.name]:
                case Ensemble() as ensemble:
                    return largest_sum(ensemble, index)
                case inner:
                    vector = inner
        return self.of(vector.items[index] if isinstance(vector, Vector) else vector)

    def _of_binary(self, op: BinaryOp, left: Expr, right: Expr) -> float:
        a, b = self.of(left), self.of(right)
        match op, right:
            case ((BinaryOp.ADD | BinaryOp.SUBTRACT), _):
                return a + b
            case BinaryOp.MULTIPLY, _:
                return a * b if a and b else 0.0
            case BinaryOp.DIVIDE, Constant() if b:
                return a / b
            case _:
                return math.inf

    def _of_call(self, function: Function, argument: Expr) -> float:
        if function in SHARES:
            return 1.0
        if function is Function.EXP:
            return exp(self.of(argument))
        if function is Function.ARGMAX:
            return float(2**31)
        return math.inf


def largest_sum(ensemble: Ensemble, output: int) -> float:
    """What the absolute value of one sum of an ensemble cannot exceed."""
    total = abs(ensemble.base_score[output])
    for tree in ensemble.trees:
        if output in tree.outputs:
            place = tree.outputs.index(output)
            leaves = (node for node in tree.nodes if isinstance(node, Leaf))
            total += max((abs(leaf.values[place]) for leaf in leaves), default=0.0)
    return total if ensemble.divisor is None else total / ensemble.divisor


def without_references(expr: Expr, bindings: Bindings) -> Expr:
    """`expr` with the values of bindings in place of their names; sums of ensembles keep theirs."""

    def replaced(part: Expr) -> Expr:
        match part:
            case Reference(name):
                value = bindings[name]
                return part if isinstance(value, Ensemble) else without_references(value, bindings)
            case Element(Vector(items), index):
                return items[index]
            case _:
                return part

    return rewrite(expr, replaced)


def has_references(expr: Expr) -> bool:
    """Whether the value depends on a binding."""
    return any(isinstance(part, Reference) for part in descend(expr))


def _size(value: object) -> float:
    match value:
        case bool() | int() | float() if not math.isnan(value):
            return abs(float(value))
        case _:
            return 0.0
