"""One model an output; in a chain, each also sees what the models before it predicted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.inner_demands import meta_feature, on_columns
from procgen.frontends.labels import to_number
from procgen.frontends.parts import (
    Answer,
    Part,
    all_exact,
    bind,
    read_part,
    read_parts,
    regressor,
    scored,
)
from procgen.frontends.registry import ESTIMATORS, INNER_MODELS, Feature, Frame, Scope, Scores
from procgen.ir.expressions import Constant, Expr, Vector
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType

CLASSIFIER = "sklearn.multioutput.MultiOutputClassifier"
REGRESSOR = "sklearn.multioutput.MultiOutputRegressor"
CLASSIFIER_CHAIN = "sklearn.multioutput.ClassifierChain"
REGRESSOR_CHAIN = "sklearn.multioutput.RegressorChain"
NUMBERS = ListType(DType.FLOAT64)


@INNER_MODELS.reads(CLASSIFIER, REGRESSOR, CLASSIFIER_CHAIN, REGRESSOR_CHAIN)
def output_models(model: Any) -> list[Any]:
    """The models, one an output."""
    return list(model.estimators_)


@ESTIMATORS.reads(REGRESSOR)
def read_multi_output_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The predictions side by side, which are also the margin."""
    parts, frame = read_parts(model.estimators_, frame, scope, "output")
    return _listed(frame, scope, [part.prediction for part in parts], exact=all_exact(parts))


def _listed(frame: Frame, scope: Scope, values: list[Expr], *, exact: bool) -> Scores:
    if len(values) > 1:
        return regressor(frame, scope, values, exact=exact)
    vector = Vector(tuple(values))
    answers = ((OutputName.MARGIN, NUMBERS, vector), (OutputName.PREDICT, NUMBERS, vector))
    return scored(frame, scope, answers, exact=exact)


@ESTIMATORS.reads(CLASSIFIER)
def read_multi_output_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Labels side by side; probabilities and margins output after output, class after class."""
    parts, frame = read_parts(model.estimators_, frame, scope, "output")
    classes = tuple(part.labels for part in parts)
    kinds = {label.dtype for own in classes for label in own}
    if len(kinds) > 1:
        raise UnsupportedModelError(
            f"the outputs of {type(model).__name__} have labels of the types "
            f"{' and '.join(sorted(kinds))}",
            hint="train one model for each output",
        )
    labels_ = Vector(tuple(part.reference(OutputName.PREDICT) for part in parts))
    margins = tuple(value for part in parts for value in _margins(part))
    answers: list[Answer] = [(OutputName.MARGIN, NUMBERS, Vector(margins))]
    if all(part.has("predict_proba") for part in parts):
        shares = tuple(share for part in parts for share in part.shares)
        answers.append((OutputName.PROBA, NUMBERS, Vector(shares)))
    answers.append((OutputName.PREDICT, ListType(kinds.pop()), labels_))
    return scored(frame, scope, answers, classes=classes, exact=all_exact(parts))


def _margins(part: Part) -> tuple[Expr, ...]:
    return part.decisions if part.has("decision_function") else part.shares


@ESTIMATORS.reads(REGRESSOR_CHAIN)
def read_regressor_chain(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Each model's prediction is a column for those after it; outputs in their own order."""
    parts, frame = _read_chain(model, frame, scope, "predict")
    values = [part.prediction for part in _unordered(model, parts)]
    return on_columns(_listed(frame, scope, values, exact=all_exact(parts)))


@ESTIMATORS.reads(CLASSIFIER_CHAIN)
def read_classifier_chain(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Labels as doubles, as Python gives them; probabilities of each model's last class."""
    parts, frame = _read_chain(model, frame, scope, model.chain_method_)
    ordered = _unordered(model, parts)
    if any(len(part.labels) != 2 for part in ordered):
        raise UnsupportedModelError(
            "a model of this ClassifierChain has more than two classes",
            hint="train one model for each output",
        )
    answers: list[Answer] = []
    shares = Vector(tuple(part.shares[1] for part in ordered)) if _has(parts) else None
    if all(part.has("decision_function") for part in parts):
        margins = Vector(tuple(part.decisions[0] for part in ordered))
        answers.append((OutputName.MARGIN, NUMBERS, margins))
    elif shares is not None:
        answers.append((OutputName.MARGIN, NUMBERS, shares))
    if shares is not None:
        answers.append((OutputName.PROBA, NUMBERS, shares))
    predicted = Vector(tuple(part.prediction for part in ordered))
    answers.append((OutputName.PREDICT, NUMBERS, predicted))
    classes = tuple(tuple(map(_as_double, part.labels)) for part in ordered)
    return on_columns(scored(frame, scope, answers, classes=classes, exact=all_exact(parts)))


def _has(parts: list[Part]) -> bool:
    return all(part.has("predict_proba") for part in parts)


def _as_double(label: Constant) -> Constant:
    return Constant(float(label.value or 0), DType.FLOAT64)


def _read_chain(model: Any, frame: Frame, scope: Scope, method: Any) -> tuple[list[Part], Frame]:
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    features = [
        Feature(to_number(feature), DType.FLOAT64, feature.name) for feature in frame.features
    ]
    parts: list[Part] = []
    for place, inner in enumerate(model.estimators_, start=1):
        seen = replace(frame, features=tuple(features))
        part, carried = read_part(inner, seen, scope.inside(f"link_{place}"))
        frame = replace(frame, requirements=carried.requirements, bindings=carried.bindings)
        name = f"link_{place}_score"
        score, frame = bind(frame, scope, name, _asked(part, method))
        features.append(meta_feature(score, name))
        parts.append(part)
    return parts, frame


def _asked(part: Part, method: Any) -> Expr:
    """What the models after this one see of it: one value, as scikit-learn asks for it."""
    methods = [method] if isinstance(method, str) else list(method)
    for name in methods:
        if name == "predict":
            return part.prediction
        if part.has(name):
            return part.shares[1] if name == "predict_proba" else part.decisions[0]
    raise UnsupportedModelError(f"a chain whose models have none of {', '.join(methods)}")


def _unordered(model: Any, parts: list[Part]) -> list[Part]:
    """The models in the order of the outputs instead of the chain's."""
    place = {int(output): number for number, output in enumerate(model.order_)}
    return [parts[place[output]] for output in range(len(parts))]
