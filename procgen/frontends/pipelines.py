"""Pipeline and ColumnTransformer: which columns reach which step; a refusal names the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import to_number
from procgen.frontends.registry import (
    ESTIMATORS,
    TRANSFORMERS,
    Feature,
    Frame,
    Scope,
    Scores,
    read_estimator,
    read_transformer,
)
from procgen.ir.curves import calls_function, curve
from procgen.ir.expressions import Binary, BinaryOp, Expr, Fill, number
from procgen.ir.types import DType

PIPELINE = "sklearn.pipeline.Pipeline"
COLUMN_TRANSFORMER = "sklearn.compose.ColumnTransformer"


def is_nothing(step: Any) -> bool:
    """Whether a step hands its columns on as they are."""
    return step is None or (isinstance(step, str) and step == "passthrough")


@contextmanager
def named(step: str) -> Iterator[None]:
    """Say in a refusal which step it is about."""
    try:
        yield
    except UnsupportedModelError as error:
        raise UnsupportedModelError(f"step {step!r}: {error.message}", hint=error.hint) from error


@ESTIMATORS.reads(PIPELINE)
def read_pipeline(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Each transformer in turn, then the estimator; its outputs are the pipeline's own."""
    frame = _through(model.steps[:-1], frame, scope)
    name, last = model.steps[-1]
    with named(name):
        if is_nothing(last):
            raise UnsupportedModelError(
                "a pipeline that ends without an estimator gives no scores",
                hint="add an estimator as its last step",
            )
        scores = read_estimator(last, frame, scope)
    return scores if is_exact(frame) else replace(scores, exact=False)


def is_exact(frame: Frame) -> bool:
    """Whether every feature has Python's bits, or is a curve that a split never needs to compute.

    A function such as log1p() ends otherwise in a database. A split on it is moved to its input
    beforehand, if that is one column; a sum has the bound of linear models in any case.
    """
    return frame.exact and all(_is_exact(feature.expr) for feature in frame.features)


def _is_exact(expr: Expr) -> bool:
    while isinstance(expr, Fill):
        expr = expr.operand
    return curve(expr) is not None or not calls_function(expr)


@TRANSFORMERS.reads(PIPELINE)
def read_pipeline_of_transformers(step: Any, frame: Frame, scope: Scope) -> Frame:
    """Each transformer in turn."""
    return _through(step.steps, frame, scope)


def _through(steps: list[tuple[str, Any]], frame: Frame, scope: Scope) -> Frame:
    for name, step in steps:
        if not is_nothing(step):
            with named(name):
                frame = read_transformer(step, frame, scope.inside(name))
    return frame


@TRANSFORMERS.reads(COLUMN_TRANSFORMER)
def read_column_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:
    """The columns of each transformer side by side, in the order of `transformers_`."""
    weights = step.transformer_weights or {}
    features: list[Feature] = []
    for name, transformer, places in selections(step):
        chosen = replace(frame, features=tuple(frame.features[place] for place in places))
        with named(name):
            if not is_nothing(transformer):
                chosen = read_transformer(transformer, chosen, scope.inside(name))
            features += weighted(chosen.features, weights.get(name))
        # What is demanded, bound and inexact adds up; columns and sparseness are each one's own.
        frame = replace(chosen, features=frame.features, sparse=frame.sparse)
    return replace(frame, features=tuple(features), sparse=bool(step.sparse_output_))


def selections(step: Any) -> Iterator[tuple[str, Any, list[int]]]:
    """Name, transformer and column positions of each part that is neither dropped nor empty."""
    # Names, masks, slices and callables were resolved to positions when it was trained.
    resolved = step._transformer_to_input_indices  # noqa: SLF001
    for name, transformer, _ in step.transformers_:
        places = [int(place) for place in resolved[name]]
        if places and not (isinstance(transformer, str) and transformer == "drop"):
            yield name, transformer, places


def weighted(features: tuple[Feature, ...], weight: float | None) -> tuple[Feature, ...]:
    """Features as they are, or times a weight."""
    if weight is None:
        return features
    factor = number(weight)
    return tuple(
        Feature(Binary(BinaryOp.MULTIPLY, to_number(feature), factor), DType.FLOAT64, feature.name)
        for feature in features
    )
