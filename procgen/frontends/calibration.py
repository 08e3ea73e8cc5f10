"""CalibratedClassifierCV: scores through a sigmoid, a staircase or a temperature, then averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.inner_demands import demand_finite, on_columns
from procgen.frontends.isotonic import isotonic
from procgen.frontends.labels import labels
from procgen.frontends.parts import (
    Part,
    all_exact,
    bind,
    from_shares,
    one_minus,
    read_part,
    softmax_of,
)
from procgen.frontends.registry import ESTIMATORS, INNER_MODELS, Frame, Scope, Scores
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
    Sum,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
    number,
)

NAME = "sklearn.calibration.CalibratedClassifierCV"
SLACK = 1.0 + 1e-5
"""Up to here a probability above 1 counts as rounding, and becomes 1."""
KEEPS_LOGARITHM_FINITE = 1e-12


@INNER_MODELS.reads(NAME)
def calibrated_models(model: Any) -> list[Any]:
    """The classifiers whose scores are calibrated, one a fold."""
    return [inner.estimator for inner in model.calibrated_classifiers_]


@ESTIMATORS.reads(NAME)
def read_calibrated_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The average over the folds, and the class of the largest."""
    classes = labels(model.classes_)
    parts: list[Part] = []
    columns: list[tuple[Expr, ...]] = []
    for place, inner in enumerate(model.calibrated_classifiers_, start=1):
        own = scope.inside(f"fold_{place}")
        part, frame = read_part(inner.estimator, frame, own)
        shares, frame = _calibrated(inner, part, classes, frame, own)
        parts.append(part)
        columns.append(shares)
    count = number(len(columns))
    averages = [
        Binary(BinaryOp.DIVIDE, Sum(column), count) for column in zip(*columns, strict=True)
    ]
    return on_columns(from_shares(frame, scope, averages, classes, exact=all_exact(parts)))


def _calibrated(
    inner: Any, part: Part, classes: tuple[Constant, ...], frame: Frame, scope: Scope
) -> tuple[tuple[Expr, ...], Frame]:
    """The probabilities of one fold."""
    scores, frame = _scores(part, frame, scope)
    if inner.method != "sigmoid":
        frame = demand_finite(frame, scores)
    value: Expr
    if inner.method == "temperature":
        value = _tempered(inner.calibrators[0], scores, part)
    elif len(classes) == 2:
        upper, frame = bind(frame, scope, "upper", _curve(inner, 0, scores[0]))
        value = Vector((one_minus(upper), _at_most_one(upper)))
    else:
        value = Call(Function.NORMALIZE, Vector(_curves(inner, scores, part, classes)))
    listed, frame = bind(frame, scope, "calibrated", value)
    return tuple(Element(listed, index) for index in range(len(classes))), frame


def _scores(part: Part, frame: Frame, scope: Scope) -> tuple[list[Expr], Frame]:
    """What is calibrated: decision_function(), else predict_proba(); one value for two classes."""
    scores: Sequence[Expr] = part.decisions if part.has("decision_function") else part.shares
    if len(part.labels) == 2:
        scores = scores[-1:]
    named: list[Expr] = []
    for place, score in enumerate(scores, start=1):
        reference, frame = bind(frame, scope, f"score_{place}", score)
        named.append(reference)
    return named, frame


def _curves(
    inner: Any, scores: Sequence[Expr], part: Part, classes: tuple[Constant, ...]
) -> tuple[Expr, ...]:
    """One for each class; a class that the fold did not see has probability 0."""
    if len(part.labels) < 3:
        raise UnsupportedModelError(
            f"a fold of this CalibratedClassifierCV saw {len(part.labels)} of {len(classes)} "
            "classes",
            hint="train with more rows of each class, or with stratified folds",
        )
    found: list[Expr] = [number(0.0)] * len(classes)
    for place, (label, score) in enumerate(zip(part.labels, scores, strict=True)):
        found[classes.index(label)] = _curve(inner, place, score)
    return tuple(found)


def _curve(inner: Any, place: int, score: Expr) -> Expr:
    calibrator = inner.calibrators[place]
    match inner.method:
        case "isotonic":
            return isotonic(calibrator, score)
        case "sigmoid":
            scaled = Binary(BinaryOp.MULTIPLY, score, number(float(calibrator.a_)))
            shifted = Binary(BinaryOp.ADD, scaled, number(float(calibrator.b_)))
            return Call(Function.EXPIT, Unary(UnaryOp.NEGATE, shifted))
        case other:
            raise UnsupportedModelError(f"CalibratedClassifierCV with method={other!r}")


def _at_most_one(value: Expr) -> Expr:
    rounded = Branch(value, Threshold(Comparison.LE, SLACK), number(1.0), value, value)
    return Branch(value, Threshold(Comparison.LE, 1.0), value, rounded, value)


def _tempered(calibrator: Any, scores: Sequence[Expr], part: Part) -> Expr:
    """`softmax(beta * logits)`; probabilities become logits by a logarithm."""
    if part.has("decision_function"):
        logits = scores
        if len(scores) == 1:
            logits = (Unary(UnaryOp.NEGATE, scores[0]), scores[0])
    else:
        shares = [one_minus(scores[0]), scores[0]] if len(scores) == 1 else scores
        slack = number(KEEPS_LOGARITHM_FINITE)
        logits = [Call(Function.LOG, Binary(BinaryOp.ADD, share, slack)) for share in shares]
    factor = number(float(calibrator.beta_))
    return softmax_of([Binary(BinaryOp.MULTIPLY, logit, factor) for logit in logits])
