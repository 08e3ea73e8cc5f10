"""Every fitted model that a parity test compares on the databases, and what reading it shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from procgen.frontends import read_model
from procgen.frontends.reading import column_count, entry, known_names
from procgen.frontends.registry import Reading, class_name, recorded
from procgen.ir.types import DType
from tests import (
    catboost_zoo,
    lightgbm_zoo,
    models_of_models,
    models_zoo,
    other_libraries_zoo,
    preparing_zoo,
    xgboost_zoo,
)


class Trained(NamedTuple):
    """A fitted model, and what has to be said of its columns."""

    name: str
    model: Any
    inputs: list[str] | None = None
    types: dict[str, DType] | None = None


def every_model() -> Iterator[Trained]:
    """The models of all zoos."""
    for name in models_zoo.ZOO:
        model, types = models_zoo.fitted(name)
        yield Trained(name, model, types=types)
    for name in models_of_models.MODELS:
        model = models_of_models.fitted(name)
        yield Trained(name, model, models_of_models.columns_of(model))
    for name in other_libraries_zoo.ZOO:
        model = other_libraries_zoo.fitted(name)
        yield Trained(name, model, _numbered(model))
    for name in xgboost_zoo.ZOO:
        yield Trained(
            name, xgboost_zoo.fitted(name), xgboost_zoo.inputs_of(xgboost_zoo.fitted(name))
        )
    for name in lightgbm_zoo.ZOO:
        yield Trained(name, *lightgbm_zoo.fitted(name))
    for name in catboost_zoo.ZOO:
        yield Trained(name, catboost_zoo.fitted(name))
    for name in preparing_zoo.ZOO:
        yield Trained(name, preparing_zoo.fitted(name))


def _numbered(model: Any) -> list[str] | None:
    first = entry(model)
    if known_names(first) is not None:
        return None
    return [f"x{place}" for place in range(column_count(first))]


@cache
def readings_by_class() -> dict[str, list[Reading]]:
    """Every step of every model as it was read, by class."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for trained in every_model():
        with recorded() as readings:
            read_model(trained.model, trained.inputs, trained.types)
        for reading in flat(readings):
            found[class_name(reading.step)].append(reading)
    return dict(found)


def flat(readings: Iterable[Reading]) -> Iterator[Reading]:
    """The readings and those inside them."""
    waiting = list(readings)
    while waiting:
        reading = waiting.pop()
        yield reading
        waiting.extend(reading.inside)
