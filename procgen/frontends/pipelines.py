"""Pipeline and ColumnTransformer: which columns reach which step; a refusal names the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import require_finite, to_number
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
from procgen.ir.expressions import Binary, BinaryOp, number
from procgen.ir.types import DType

PIPELINE = "sklearn.pipeline.Pipeline"
COLUMN_TRANSFORMER = "sklearn.compose.ColumnTransformer"
FUNCTION_TRANSFORMER = "sklearn.preprocessing.FunctionTransformer"


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
        return read_estimator(last, frame, scope)


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
            features += _weighted(chosen.features, weights.get(name))
        # Requirements and bindings add up; columns and sparseness are each transformer's own.
        frame = replace(frame, requirements=chosen.requirements, bindings=chosen.bindings)
    return replace(frame, features=tuple(features), sparse=bool(step.sparse_output_))


def selections(step: Any) -> Iterator[tuple[str, Any, list[int]]]:
    """Name, transformer and column positions of each part that is neither dropped nor empty."""
    # Names, masks, slices and callables were resolved to positions when it was trained.
    resolved = step._transformer_to_input_indices  # noqa: SLF001
    for name, transformer, _ in step.transformers_:
        places = [int(place) for place in resolved[name]]
        if places and not (isinstance(transformer, str) and transformer == "drop"):
            yield name, transformer, places


def _weighted(features: tuple[Feature, ...], weight: float | None) -> tuple[Feature, ...]:
    if weight is None:
        return features
    factor = number(weight)
    return tuple(
        Feature(Binary(BinaryOp.MULTIPLY, to_number(feature), factor), DType.FLOAT64, feature.name)
        for feature in features
    )


@TRANSFORMERS.reads(FUNCTION_TRANSFORMER)
def read_function_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The identity: what ColumnTransformer makes of 'passthrough'."""
    if step.func is not None:
        function = getattr(step.func, "__name__", repr(step.func))
        raise UnsupportedModelError(
            f"FunctionTransformer calls {function}, which is Python code",
            hint="use func=None, or compute the column before the pipeline",
        )
    return replace(frame, requirements=_checked(frame)) if step.validate else frame


def _checked(frame: Frame) -> tuple[Any, ...]:
    return (*frame.requirements, *require_finite(frame))
