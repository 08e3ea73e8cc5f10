"""Models inside models: each is read under a name of its own, and its scores are referred to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.inner_demands import judged
from procgen.frontends.labels import argmax_decision
from procgen.frontends.registry import Frame, Scope, Scores, class_name, read_estimator
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Choose,
    Constant,
    Element,
    Expr,
    Function,
    Reference,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.program import Binding, Output, OutputName
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType, ListType, Type
from procgen.ir.walk import rewrite

Answer = tuple[OutputName, Type, Expr]
"""An output, its type, and how it is computed."""


@dataclass(frozen=True, slots=True)
class Part:
    """A model inside another; its bindings are in the frame that came with it."""

    model: Any
    scores: Scores

    def has(self, method: str) -> bool:
        """Whether Python finds the method, as the models around it ask."""
        return hasattr(self.model, method)

    def get(self, name: OutputName) -> Output:
        """One of its outputs.

        Raises:
            UnsupportedModelError: it has no such output.
        """
        for output in self.scores.outputs:
            if output.name is name:
                return output
        raise UnsupportedModelError(f"{class_name(self.model)} inside it has no {name.value}")

    def reference(self, name: OutputName) -> Reference:
        """The value of one of its outputs."""
        return Reference(self.get(name).binding)

    @property
    def labels(self) -> tuple[Constant, ...]:
        """Its labels in `classes_` order; one output."""
        return self.scores.classes[0]

    @property
    def prediction(self) -> Expr:
        """What predict() answers, as a number."""
        output = self.get(OutputName.PREDICT)
        value = Reference(output.binding)
        return value if output.type is DType.FLOAT64 else Unary(UnaryOp.TO_FLOAT64, value)

    @property
    def decisions(self) -> tuple[Expr, ...]:
        """What decision_function() answers: one value, or one for each class."""
        return items_of(self.get(OutputName.MARGIN), len(self.labels))

    @property
    def shares(self) -> tuple[Expr, ...]:
        """What predict_proba() answers: one value for each class."""
        count = len(self.labels)
        proba, margin = self.get(OutputName.PROBA), self.get(OutputName.MARGIN)
        if isinstance(proba.type, ListType):
            return items_of(proba, count)
        if self.scores.shares is not None:
            return tuple(Element(self.scores.shares, index) for index in range(count))
        if isinstance(margin.type, ListType):  # of a tree: the class fractions themselves
            return items_of(margin, count)
        return (one_minus(Reference(proba.binding)), Reference(proba.binding))

    def positive_score(self) -> Expr:
        """How scikit-learn asks a binary model: decision_function(), else P(classes_[1])."""
        if self.has("decision_function"):
            return self.decisions[0]
        return self.shares[1]


def items_of(output: Output, count: int) -> tuple[Expr, ...]:
    """A value as one item, a list as `count` of them."""
    value = Reference(output.binding)
    if not isinstance(output.type, ListType):
        return (value,)
    return tuple(Element(value, index) for index in range(count))


def one_minus(value: Expr) -> Expr:
    """`1 - value`."""
    return Binary(BinaryOp.SUBTRACT, number(1.0), value)


def read_part(model: Any, frame: Frame, scope: Scope) -> tuple[Part, Frame]:
    """Read a model inside another; the frame comes back with its demands and bindings."""
    scores = read_estimator(model, frame, scope)
    carried = replace(frame, requirements=scores.requirements, bindings=scores.bindings)
    return Part(model, scores), carried


def read_parts(
    models: Iterable[Any], frame: Frame, scope: Scope, name: str = "model"
) -> tuple[tuple[Part, ...], Frame]:
    """Read models that all meet the same columns, as `name_1`, `name_2` and so on."""
    parts: list[Part] = []
    for place, model in enumerate(models, start=1):
        part, frame = read_part(model, frame, scope.inside(f"{name}_{place}"))
        parts.append(part)
    return tuple(parts), frame


def bind(frame: Frame, scope: Scope, name: str, value: Expr | Ensemble) -> tuple[Reference, Frame]:
    """Give a value a name."""
    binding = Binding(scope.name(name), value)
    return Reference(binding.name), replace(frame, bindings=(*frame.bindings, binding))


def scored(
    frame: Frame,
    scope: Scope,
    answers: Iterable[Answer],
    *,
    classes: tuple[tuple[Constant, ...], ...] = (),
    exact: bool = True,
    shares: Expr | None = None,
) -> Scores:
    """Scores with each output bound under its own name, in this order."""
    listed = tuple(answers)
    bindings = tuple(Binding(scope.name(name), value) for name, _, value in listed)
    outputs = tuple(Output(name, kind, scope.name(name)) for name, kind, _ in listed)
    return judged(
        Scores(frame.requirements, (*frame.bindings, *bindings), outputs, classes, exact, shares)
    )


def from_shares(
    frame: Frame,
    scope: Scope,
    shares: Sequence[Expr] | Expr,
    classes: tuple[Constant, ...],
    *,
    exact: bool,
    decision: tuple[Type, Expr] | None = None,
) -> Scores:
    """Scores of a classifier that predicts the class of its largest probability.

    Args:
        frame: with the bindings that the probabilities refer to.
        scope: of the classifier.
        shares: the probabilities in `classes_` order, one by one or as a list.
        classes: the labels.
        exact: whether they have the library's bits.
        decision: what decision_function() answers; without one the margin is the probabilities.
    """
    value = shares if not isinstance(shares, Sequence) else Vector(tuple(shares))
    numbers = ListType(DType.FLOAT64)
    answers: list[Answer] = []
    if decision is None:
        listed: Expr = Reference(scope.name(OutputName.MARGIN))
        answers.append((OutputName.MARGIN, numbers, value))
    else:
        listed, frame = bind(frame, scope, "shares", value)
        answers.append((OutputName.MARGIN, *decision))
    proba: Answer = (OutputName.PROBA, numbers, listed)
    if len(classes) == 2:
        proba = (OutputName.PROBA, DType.FLOAT64, Element(listed, 1))
    answers += (proba, (OutputName.PREDICT, classes[0].dtype, argmax_decision(listed, classes)))
    return scored(frame, scope, answers, classes=(classes,), exact=exact, shares=listed)


def regressor(frame: Frame, scope: Scope, values: Sequence[Expr], *, exact: bool) -> Scores:
    """Scores of a regressor without a link: one value, or a list where `values` are several."""
    margin = Reference(scope.name(OutputName.MARGIN))
    kind: Type = DType.FLOAT64 if len(values) == 1 else ListType(DType.FLOAT64)
    value = values[0] if len(values) == 1 else Vector(tuple(values))
    answers = ((OutputName.MARGIN, kind, value), (OutputName.PREDICT, kind, margin))
    return scored(frame, scope, answers, exact=exact)


def predictions(part: Part) -> tuple[Expr, ...]:
    """What a regressor's predict() answers, target by target."""
    output = part.get(OutputName.PREDICT)
    if not isinstance(output.type, ListType):
        return (part.prediction,)
    return items_of(output, targets_of(part, output.binding))


def targets_of(part: Part, name: str) -> int:
    """How many values the list has that is bound to `name`."""
    values = {binding.name: binding.value for binding in part.scores.bindings}
    value: Expr | Ensemble = values[name]
    while True:
        match value:
            case Reference(inner):
                value = values[inner]
            case Ensemble(_, _, base, _, _):
                return len(base)
            case Vector(items):
                return len(items)
            case Call(_, argument):
                value = argument
            case _:
                raise UnsupportedModelError(
                    f"the number of targets of {class_name(part.model)} is not known"
                )


def all_exact(parts: Iterable[Part]) -> bool:
    """Whether every part has the library's bits."""
    return all(part.scores.exact for part in parts)


def relabelled(scores: Scores, scope: Scope, classes: tuple[Constant, ...]) -> Scores:
    """The scores of a model that was trained on the positions of labels, with labels instead."""
    old, new = scope.name(OutputName.PREDICT), scope.name("position")

    def renamed(part: Expr) -> Expr:
        return Reference(new) if part == Reference(old) else part

    bindings: list[Binding] = []
    for binding in scores.bindings:
        name = new if binding.name == old else binding.name
        match binding.value:
            case Ensemble() as ensemble:
                bindings.append(Binding(name, ensemble))
            case expr:
                bindings.append(Binding(name, rewrite(expr, renamed)))
    decided = Choose(Reference(new), classes)
    outputs = tuple(
        replace(output, type=classes[0].dtype) if output.name is OutputName.PREDICT else output
        for output in scores.outputs
    )
    return replace(
        scores,
        bindings=(*bindings, Binding(old, decided)),
        outputs=outputs,
        classes=(classes,),
    )


def softmax_of(values: Sequence[Expr]) -> Expr:
    """The softmax of several values, as a list."""
    return Call(Function.SOFTMAX, Vector(tuple(values)))
