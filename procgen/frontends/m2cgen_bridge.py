"""Kernel machines by way of m2cgen's expressions: a bridge of last resort, for which a bound holds.

It reads only classes that nothing else reads, and `Source.bridged` says so: what comes over it is
to be compared with Python on rows of the user's own before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import binary_decision, labels, to_number
from procgen.frontends.linear import grouped, regression
from procgen.frontends.parts import Answer, scored
from procgen.frontends.registry import BRIDGED, ESTIMATORS, Bound, Frame, Scope, Scores
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Constant,
    Expr,
    Function,
    Reference,
    Sum,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.program import Binding, OutputName
from procgen.ir.types import DType

CLASSIFIERS = ("sklearn.svm.NuSVC", "sklearn.svm.SVC")
REGRESSORS = ("sklearn.svm.NuSVR", "sklearn.svm.SVR")
BRIDGED.update((*CLASSIFIERS, *REGRESSORS))
OPERATIONS = {
    "DIV": BinaryOp.DIVIDE,
    "MUL": BinaryOp.MULTIPLY,
    "SUB": BinaryOp.SUBTRACT,
}
KERNEL_SUMS = Bound("sums of kernels, which LIBSVM computes and adds in its own order")
LARGEST_POWER = 64
VANISHING = 1e-300
"""A power below this is nothing beside the other kernels."""


@ESTIMATORS.reads(*REGRESSORS, bound=KERNEL_SUMS)
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The sum over the support vectors."""
    margin, frame = read_margin(model, frame, scope)
    return regression(margin, Reference(scope.name("margin")), frame, scope)


@ESTIMATORS.reads(*CLASSIFIERS, bound=KERNEL_SUMS)
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A label and a margin of two classes; a margin of zero gives the second one.

    Raises:
        UnsupportedModelError: more classes, which vote in pairs, or probabilities.
    """
    name = type(model).__name__
    classes = labels(model.classes_)
    if len(classes) != 2:
        raise UnsupportedModelError(
            f"{name} of {len(classes)} classes lets pairs of them vote",
            hint=f"train OneVsRestClassifier({name}())",
        )
    if hasattr(model, "predict_proba"):
        raise UnsupportedModelError(
            f"{name} with probability=True fits its probabilities inside libsvm",
            hint="train it without, and calibrate it with CalibratedClassifierCV",
        )
    value, frame = read_margin(model, frame, scope)
    margin = Reference(scope.name("margin"))
    decided = binary_decision(margin, classes, at_zero=1)
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, DType.FLOAT64, value),
        (OutputName.PREDICT, classes[0].dtype, decided),
    )
    return scored(frame, scope, answers, classes=(classes,), exact=False)


def read_margin(model: Any, frame: Frame, scope: Scope) -> tuple[Expr, Frame]:
    """What m2cgen assembles, and the frame with what it refers to."""
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    reading = _Reading([to_number(feature) for feature in frame.features], scope)
    margin = reading.of(_assembled(model))
    bindings = (*frame.bindings, *reading.bindings)
    return margin, replace(frame, bindings=bindings)


def _assembled(model: Any) -> Any:
    name = type(model).__name__
    if getattr(model.support_vectors_, "toarray", None) is not None:
        raise UnsupportedModelError(
            f"this {name} was trained on a sparse matrix", hint="train it on a dense one"
        )
    try:
        from m2cgen.assemblers import get_assembler_cls  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise UnsupportedModelError(
            f"{name} is read by way of m2cgen, which is not installed", hint="pip install m2cgen"
        ) from error
    try:
        return get_assembler_cls(model)(model).assemble()
    except ValueError as error:  # what m2cgen raises for a kernel that it does not know
        raise UnsupportedModelError(
            f"m2cgen does not read this {name}: {error}", hint="train with kernel='rbf'"
        ) from error
    except RecursionError as error:
        count = len(model.support_vectors_)
        raise UnsupportedModelError(
            f"this {name} has {count} support vectors, too many for m2cgen",
            hint="train it on fewer rows, or with a smaller C",
        ) from error


class _Reading:
    """Reads one expression of m2cgen; `bindings` holds what is multiplied by itself."""

    def __init__(self, columns: Sequence[Expr], scope: Scope) -> None:
        self.columns = columns
        self.scope = scope
        self.bindings: list[Binding] = []

    def of(self, root: Any) -> Expr:
        """The expression, each part after those that it is made of."""
        done: dict[int, Expr] = {}
        waiting = [(root, False)]
        while waiting:
            node, is_ready = waiting.pop()
            parts = _parts(node)
            if parts and not is_ready:
                waiting.append((node, True))
                waiting += ((part, False) for part in reversed(parts))
            else:
                done[id(node)] = self._made(node, [done[id(part)] for part in parts])
        found: Expr = done[id(root)]
        return found

    def _made(self, node: Any, parts: list[Expr]) -> Expr:
        match type(node).__name__:
            case "NumVal":
                return number(node.value)
            case "FeatureRef":
                column: Expr = self.columns[node.index]
                return column
            case "ExpExpr":
                return Call(Function.EXP, parts[0])
            case "PowExpr":
                return self._power(parts[0], _exponent(node))
            case "BinNumExpr" if node.op.name == "ADD":
                return Sum(tuple(grouped(parts)))
            case "BinNumExpr":
                return _binary(OPERATIONS[node.op.name], *parts)
            case kind:
                raise UnsupportedModelError(
                    f"no front-end reads m2cgen's {kind}",
                    hint="train with one of the kernels linear, poly and rbf",
                )

    def _power(self, base: Expr, exponent: int) -> Expr:
        """The product as libsvm makes it, from the squares; one that vanishes is 0."""
        if exponent < 3:
            return _product(base, exponent)
        binding = Binding(self.scope.name(f"kernel_{len(self.bindings) + 1}"), base)
        self.bindings.append(binding)
        named = Reference(binding.name)
        # PostgreSQL raises where a product rounds to zero, and so does a square on the way to it.
        lost = Threshold(Comparison.LE, VANISHING ** (1.0 / exponent))
        size = Unary(UnaryOp.ABSOLUTE, named)
        return Branch(size, lost, number(0.0), _product(named, exponent), missing=named)


def _product(base: Expr, exponent: int) -> Expr:
    made: Expr | None = None
    while exponent:
        if exponent % 2:
            made = base if made is None else Binary(BinaryOp.MULTIPLY, made, base)
        exponent //= 2
        base = Binary(BinaryOp.MULTIPLY, base, base)
    return number(1.0) if made is None else made


def _binary(op: BinaryOp, left: Expr, right: Expr) -> Binary:
    """A constant factor stands on the right, where the passes look for it."""
    if op is BinaryOp.MULTIPLY and isinstance(left, Constant):
        left, right = right, left
    return Binary(op, left, right)


def _parts(node: Any) -> list[Any]:
    match type(node).__name__:
        case "BinNumExpr" if node.op.name == "ADD":
            return _terms(node)
        case "BinNumExpr":
            return [node.left, node.right]
        case "ExpExpr":
            return [node.expr]
        case "PowExpr":
            return [node.base_expr]
        case _:
            return []


def _terms(node: Any) -> list[Any]:
    """The terms of additions inside additions, in order."""
    terms: list[Any] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if type(part).__name__ == "BinNumExpr" and part.op.name == "ADD":
            waiting += part.right, part.left
        else:
            terms.append(part)
    return terms


def _exponent(node: Any) -> int:
    value = float(node.exp_expr.value)
    if value != int(value) or not 0 <= value <= LARGEST_POWER:
        raise UnsupportedModelError(
            f"a kernel of degree {value:g}",
            hint=f"train with a whole degree from 0 to {LARGEST_POWER}",
        )
    return int(value)
