"""What would become of each step of a model: read exactly, within a bound, or refused, and why."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.reading import Inputs, Source, read_model
from procgen.frontends.registry import (
    BRIDGED,
    ESTIMATORS,
    TRANSFORMERS,
    Reading,
    bound_of,
    class_name,
    every_reading,
    inner_models,
    recorded,
    unsupported,
)
from procgen.ir.types import DType

SAMPLER = "changes training rows only"
COMPUTED = "a function of other steps' columns, which two C libraries round apart"
AFTER_A_BOUND = "what it is given is bounded"
AS_ITS_MODELS = "as the models inside it"
THROUGH_EXP = "a score inside it went through exp(), which two C libraries round apart"
BRIDGE = "by way of m2cgen; compile needs --sample"


class Parity(enum.StrEnum):
    """How near Python's scores the database's are."""

    EXACT = "exact"
    BOUNDED = "bounded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One step: its name inside the model, its class, and what becomes of it."""

    step: str
    class_name: str
    parity: Parity
    note: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """Every step's verdict, and the model itself where none of them is refused."""

    verdicts: tuple[Verdict, ...]
    source: Source | None

    @property
    def ok(self) -> bool:
        """Whether the model can be compiled."""
        return self.source is not None


@dataclass(frozen=True, slots=True)
class _Step:
    """A step, or models of one class that stand side by side in another."""

    name: str
    members: tuple[Any, ...]


def examine(
    model: Any, inputs: Inputs | None = None, types: Mapping[str, DType] | None = None
) -> Examination:
    """Look at every step, where `read_model` stops at the first that it must refuse.

    Raises:
        UnfittedModelError: the model has not been trained.
        InputsError: names or types are missing, repeated or unusable.
    """
    steps = list(_steps(model))
    refused = {id(one): _refusal(one) for step in steps for one in step.members[:1]}
    source, readings = None, []
    if not any(refused.values()):
        with recorded() as readings:
            try:
                source = read_model(model, inputs, types)
            except UnsupportedModelError as error:
                _blame(steps, readings, error, refused)
    found = {id(reading.step): reading for reading in every_reading(readings)}
    verdicts = [_verdict(step, found, refused) for step in steps]
    if source and not source.exact and all(one.parity is Parity.EXACT for one in verdicts):
        verdicts[-1] = replace(verdicts[-1], parity=Parity.BOUNDED, note=COMPUTED)
    return Examination(tuple(verdicts), source)


def _verdict(step: _Step, found: Mapping[int, Reading], refused: Mapping[int, str]) -> Verdict:
    reasons = [reason for one in step.members if (reason := refused.get(id(one)))]
    name = class_name(step.members[0])
    if reasons:
        return Verdict(step.name, name, Parity.REFUSED, reasons[0])
    if _is_sampler(step.members[0]):
        return Verdict(step.name, name, Parity.EXACT, SAMPLER)
    readings = [found[id(one)] for one in step.members if id(one) in found]
    parity, why = _worst(readings) if readings else _of_class(name)
    notes = (why, _facts(step.members[0]), BRIDGE if name in BRIDGED else "")
    return Verdict(step.name, name, parity, "; ".join(filter(None, notes)))


def _worst(readings: Iterable[Reading]) -> tuple[Parity, str]:
    """What is said of models side by side: they are exact if all are."""
    bounded = [reading for reading in readings if not (reading.given and reading.result)]
    for reading in bounded:
        if reading.bounds:
            bound = bound_of(class_name(reading.step))
            return Parity.BOUNDED, THROUGH_EXP if bound is None else bound.reason
    if not bounded:
        return Parity.EXACT, ""
    return Parity.BOUNDED, AFTER_A_BOUND if not bounded[0].given else AS_ITS_MODELS


def _of_class(name: str) -> tuple[Parity, str]:
    """What can be said of a step that was not read, because another one is refused."""
    bound = bound_of(name)
    if bound is None:
        return Parity.EXACT, ""
    return Parity.EXACT if bound.options else Parity.BOUNDED, bound.reason


def _blame(
    steps: list[_Step],
    readings: list[Reading],
    error: UnsupportedModelError,
    refused: dict[int, str],
) -> None:
    """Say it of the innermost step that could not be read; it may be one that holds others."""
    culprits = [reading for reading in every_reading(readings) if reading.refusal is not None]
    step = culprits[-1].step if culprits else steps[-1].members[0]
    if not any(step is one for known in steps for one in known.members):
        steps.append(_Step("model", (step,)))
    refused[id(step)] = str(culprits[-1].refusal if culprits else error)


def _steps(model: Any) -> Iterator[_Step]:
    """The model's steps in the order rows meet them; a model made of others before those."""
    waiting = [_Step("model", (model,))]
    while waiting:
        step = waiting.pop()
        first = step.members[0]
        parts = _parts(first)
        if not parts:
            yield step
        for path, part in reversed(parts):
            name = f"{step.name} > {path}" if step.name != "model" else path
            waiting.append(_Step(name, (part,)))
        inner = list(_side_by_side(step)) if not parts else []
        waiting.extend(reversed(inner))


def _parts(step: Any) -> list[tuple[str, Any]]:
    parts = [(name, part) for name, part in getattr(step, "steps", ())]
    parts += [
        (f"{name} ({_columns(columns)})", part)
        for name, part, columns in getattr(step, "transformers_", ())
    ]
    parts += [(name, part) for name, part in getattr(step, "transformer_list", ())]
    return [(name, part) for name, part in parts if not isinstance(part, str) and part is not None]


def _columns(columns: Any) -> str:
    """One column by its name, several by their number."""
    if isinstance(columns, str):
        return columns
    listed = list(columns) if hasattr(columns, "__len__") else [columns]
    if len(listed) == 1:
        return str(listed[0]) if isinstance(listed[0], str) else f"column {listed[0]}"
    return f"{len(listed)} columns"


def _facts(step: Any) -> str:
    """What a reader of the table may want to know of an encoder or an imputer."""
    if hasattr(step, "categories_") and hasattr(step, "handle_unknown"):
        count = sum(map(len, step.categories_))
        listed = "1 category" if count == 1 else f"{count} categories"
        return f"{listed}, unseen: {step.handle_unknown}"
    if hasattr(step, "statistics_") and hasattr(step, "strategy"):
        return str(step.strategy)
    return ""


def _side_by_side(step: _Step) -> Iterator[_Step]:
    """The models inside a model, those of one class together."""
    groups: dict[str, list[Any]] = {}
    for one in step.members:
        for inner in inner_models(one):
            if inner is not None and not isinstance(inner, str):
                groups.setdefault(type(inner).__name__, []).append(inner)
    for short, members in groups.items():
        times = f" ({len(members)})" if len(members) > 1 else ""
        yield _Step(f"{step.name} > {short.lower()}{times}", tuple(members))


def _refusal(step: Any) -> str:
    """Why the class alone is refused, or nothing."""
    if _is_sampler(step):
        return ""
    for registry in (ESTIMATORS, TRANSFORMERS):
        if registry.find(step) is not None:
            return ""
    return str(unsupported(step, ESTIMATORS.readers | TRANSFORMERS.readers))


def _is_sampler(step: Any) -> bool:
    return hasattr(step, "fit_resample") and not hasattr(step, "steps")
