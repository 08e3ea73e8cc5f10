"""What pipelines want of the raw columns: what the first step that cares about each one wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procgen.frontends.functions import FUNCTION_TRANSFORMER, is_identity
from procgen.frontends.imblearn_pipelines import IMBLEARN_PIPELINE, without_samplers
from procgen.frontends.imputation import kept_columns
from procgen.frontends.pipelines import (
    COLUMN_TRANSFORMER,
    PIPELINE,
    is_nothing,
    selections,
)
from procgen.frontends.registry import class_name
from procgen.frontends.selection import ELIMINATORS, SELECTORS, chosen_columns
from procgen.frontends.unions import FEATURE_UNION, union_parts
from procgen.frontends.wants import ANYTHING, ORIGINS, Want, wants, wants_of

Origins = tuple[int | None, ...]
"""For each column that leaves a step, the one it came in as if its type is the same, or None."""


@wants(PIPELINE)
def pipeline_wants(step: Any, count: int) -> tuple[Want, ...]:
    """A column is followed until a step wants something of it, or makes another thing of it."""
    wanted = [ANYTHING] * count
    origins: Origins | None = tuple(range(count))
    for _, part in step.steps:
        if origins is None:
            break
        if not is_nothing(part):
            _take(wanted, origins, wants_of(part, len(origins)))
            origins = _then(origins, _origins(part, len(origins)))
    return tuple(wanted)


@wants(IMBLEARN_PIPELINE)
def imblearn_wants(step: Any, count: int) -> tuple[Want, ...]:
    """What the steps that are not samplers want."""
    return pipeline_wants(without_samplers(step), count)


@wants(FEATURE_UNION)
def union_wants(step: Any, count: int) -> tuple[Want, ...]:
    """The first part to want something of a column decides."""
    wanted = [ANYTHING] * count
    for _, part in union_parts(step):
        if not is_nothing(part):
            _take(wanted, range(count), wants_of(part, count))
    return tuple(wanted)


@wants(COLUMN_TRANSFORMER)
def column_transformer_wants(step: Any, count: int) -> tuple[Want, ...]:
    """Each part's wants of its own columns; the first to want something of a column decides."""
    wanted = [ANYTHING] * count
    for _, transformer, places in selections(step):
        if not is_nothing(transformer):
            _take(wanted, places, wants_of(transformer, len(places)))
    return tuple(wanted)


def _take(wanted: list[Want], places: Sequence[int | None], found: Sequence[Want]) -> None:
    for place, want in zip(places, found, strict=True):
        if place is not None and wanted[place] == ANYTHING:
            wanted[place] = want


def _then(first: Origins, second: Origins | None) -> Origins | None:
    if second is None:
        return None
    return tuple(None if place is None else first[place] for place in second)


def _origins(step: Any, count: int) -> Origins | None:
    """Where the columns of a step's output come from; None if their number is not known here."""
    match class_name(step):
        case _ if is_nothing(step):
            return tuple(range(count))
        case name if name == FUNCTION_TRANSFORMER:
            return tuple(range(count)) if is_identity(step) else None
        case name if name in (*SELECTORS, *ELIMINATORS):
            return tuple(chosen_columns(step))
        case "sklearn.impute.SimpleImputer":
            return kept_columns(step)
        case "sklearn.pipeline.Pipeline" | "imblearn.pipeline.Pipeline":
            step = without_samplers(step)
            origins: Origins | None = tuple(range(count))
            for _, part in step.steps:
                origins = None if origins is None else _then(origins, _origins(part, len(origins)))
            return origins
        case "sklearn.compose.ColumnTransformer":
            return _column_origins(step)
        case _:
            reader = ORIGINS.find(step)
            return None if reader is None else tuple(reader(step, count))


def _column_origins(step: Any) -> Origins:
    found: list[int | None] = []
    for name, transformer, places in selections(step):
        output = step.output_indices_[name]
        origins = _then(tuple(places), _origins(transformer, len(places)))
        found += origins or [None] * (output.stop - output.start)
    return tuple(found)
