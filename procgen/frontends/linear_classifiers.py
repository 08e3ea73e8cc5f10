"""Linear classifiers: `margin > 0` or the first largest margin; each class has its own link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import argmax_decision, binary_decision, labels, require_finite
from procgen.frontends.linear import read_margin
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Constant,
    Element,
    Expr,
    Function,
    Reference,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.program import Binding, Output, OutputName
from procgen.ir.types import DType, ListType

LOGISTIC = (
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.LogisticRegressionCV",
)
WITHOUT_PROBABILITIES = (
    "sklearn.linear_model.PassiveAggressiveClassifier",
    "sklearn.linear_model.Perceptron",
    "sklearn.svm.LinearSVC",
)
RIDGE = ("sklearn.linear_model.RidgeClassifier", "sklearn.linear_model.RidgeClassifierCV")

Link = Callable[["Decision"], tuple[Binding, ...]]
"""The bindings that end in the one called `proba`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The margin of a classifier, how its parts are called, and its labels."""

    value: Expr
    classes: tuple[Constant, ...]
    scope: Scope

    @property
    def is_binary(self) -> bool:
        """Two classes share one margin; more have one each."""
        return len(self.classes) == 2

    @property
    def margin(self) -> Expr:
        """The bound margin, a number if binary and a list if not."""
        return Reference(self.scope.name("margin"))

    @property
    def margins(self) -> tuple[Expr, ...]:
        """The margin of each class that has one."""
        if self.is_binary:
            return (self.margin,)
        return tuple(Element(self.margin, index) for index in range(len(self.classes)))

    @property
    def label(self) -> Expr:
        """The predicted label."""
        if self.is_binary:
            return binary_decision(self.margin, self.classes, at_zero=0)
        return argmax_decision(self.margin, self.classes)

    def proba(self, value: Expr) -> Binding:
        """The binding called `proba`."""
        return Binding(self.scope.name("proba"), value)


@ESTIMATORS.reads(*LOGISTIC, bound=WEIGHTED_SUMS)
def read_logistic(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Softmax over more than two classes; before 1.8 `multi_class` could say otherwise."""
    decision = read_decision(model, frame, scope)
    return classification(decision, frame, _logistic_link(model, decision))


def _logistic_link(model: Any, decision: Decision) -> Link:
    if not hasattr(model, "multi_class"):  # the parameter is gone, not merely unset
        return one_vs_rest if decision.is_binary else softmax
    match model.multi_class:
        case "ovr" | "warn":
            return one_vs_rest
        case "auto" | "deprecated" if decision.is_binary or model.solver == "liblinear":
            return one_vs_rest
        case "auto" | "deprecated" | "multinomial":
            return softmax
        case other:
            raise UnsupportedModelError(f"{type(model).__name__} has multi_class={other!r}")


@ESTIMATORS.reads("sklearn.linear_model.SGDClassifier", bound=WEIGHTED_SUMS)
def read_sgd(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Probabilities exist for two losses only, as in Python."""
    links: dict[str, Link] = {"log_loss": one_vs_rest, "modified_huber": clipped}
    return classification(read_decision(model, frame, scope), frame, links.get(model.loss))


@ESTIMATORS.reads(*WITHOUT_PROBABILITIES, bound=WEIGHTED_SUMS)
def read_without_probabilities(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A label and a margin."""
    return classification(read_decision(model, frame, scope), frame, None)


@ESTIMATORS.reads(*RIDGE, bound=WEIGHTED_SUMS)
def read_ridge_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A label and a margin; trained with an indicator matrix, a 0 or 1 for each of its columns."""
    kind = model._label_binarizer.y_type_  # noqa: SLF001 - predict() decides by it too
    if kind.startswith("multilabel"):
        return _multilabel(model, frame, scope)
    return classification(read_decision(model, frame, scope), frame, None)


def _multilabel(model: Any, frame: Frame, scope: Scope) -> Scores:
    margin = read_margin(model, frame)
    zero, one = (Constant(value, DType.INT64) for value in (0, 1))
    parts = [Element(Reference(scope.name("margin")), i) for i in range(len(model.classes_))]
    decisions = tuple(binary_decision(part, (zero, one), at_zero=0) for part in parts)
    bindings = (
        Binding(scope.name("margin"), margin),
        Binding(scope.name("predict"), Vector(decisions)),
    )
    return Scores(
        requirements=frame.requirements + require_finite(frame),
        bindings=frame.bindings + bindings,
        outputs=(
            Output(OutputName.PREDICT, ListType(DType.INT64), scope.name("predict")),
            Output(OutputName.MARGIN, ListType(DType.FLOAT64), scope.name("margin")),
        ),
        classes=((zero, one),) * len(decisions),
        exact=False,
    )


def read_decision(model: Any, frame: Frame, scope: Scope) -> Decision:
    """The margin of a classifier with two or more classes.

    Raises:
        UnsupportedModelError: it has one class, or not the margins that its classes need.
    """
    classes = labels(model.classes_)
    value = read_margin(model, frame)
    margins = value.items if isinstance(value, Vector) else (value,)
    if len(classes) < 2 or len(margins) != (1 if len(classes) == 2 else len(classes)):
        raise UnsupportedModelError(
            f"{type(model).__name__} has {len(classes)} classes and {len(margins)} margins",
            hint="train it on at least two classes",
        )
    return Decision(margins[0] if len(margins) == 1 else value, classes, scope)


def classification(decision: Decision, frame: Frame, link: Link | None) -> Scores:
    """Scores of a classifier with one label a row; without a link it has no probabilities."""
    scope = decision.scope
    scores = DType.FLOAT64 if decision.is_binary else ListType(DType.FLOAT64)
    outputs = [Output(OutputName.PREDICT, decision.classes[0].dtype, scope.name("predict"))]
    bindings = [
        Binding(scope.name("margin"), decision.value),
        Binding(scope.name("predict"), decision.label),
    ]
    if link is not None:
        bindings += link(decision)
        outputs.append(Output(OutputName.PROBA, scores, scope.name("proba")))
    outputs.append(Output(OutputName.MARGIN, scores, scope.name("margin")))
    return Scores(
        requirements=frame.requirements + require_finite(frame),
        bindings=(*frame.bindings, *bindings),
        outputs=tuple(outputs),
        classes=(decision.classes,),
        exact=False,
    )


def softmax(decision: Decision) -> tuple[Binding, ...]:
    """Softmax of the margins; a binary model of an older version stands for (-margin, margin)."""
    if not decision.is_binary:
        return (decision.proba(Call(Function.SOFTMAX, decision.margin)),)
    both = Vector((Unary(UnaryOp.NEGATE, decision.margin), decision.margin))
    return (decision.proba(Element(Call(Function.SOFTMAX, both), 1)),)


def one_vs_rest(decision: Decision) -> tuple[Binding, ...]:
    """The logistic function of each margin, as shares of their sum."""
    if decision.is_binary:
        return (decision.proba(Call(Function.EXPIT, decision.margin)),)
    return shares(decision, Call(Function.EXPIT_EACH, decision.margin))


def clipped(decision: Decision) -> tuple[Binding, ...]:
    """`(clip(margin, -1, 1) + 1) / 2`, as shares of their sum."""
    parts = tuple(_clipped(margin) for margin in decision.margins)
    if decision.is_binary:
        return (decision.proba(parts[0]),)
    return shares(decision, Vector(parts))


def _clipped(margin: Expr) -> Expr:
    above = Branch(margin, Threshold(Comparison.LE, 1.0), margin, number(1.0), missing=margin)
    inside = Branch(margin, Threshold(Comparison.LT, -1.0), number(-1.0), above, missing=margin)
    return Binary(BinaryOp.DIVIDE, Binary(BinaryOp.ADD, inside, number(1.0)), number(2.0))


def shares(decision: Decision, parts: Expr) -> tuple[Binding, ...]:
    """Each part over the sum of all; NORMALIZE gives equal shares where every part is 0."""
    name = decision.scope.name("parts")
    return (
        Binding(name, parts),
        decision.proba(Call(Function.NORMALIZE, Reference(name))),
    )
