"""What would become of each step of a model: read exactly, within a bound, or refused, and why."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.reading import Inputs, Source, read_model
from procgen.frontends.registry import (
    BRIDGED,
    ESTIMATORS,
    TRANSFORMERS,
    class_name,
    unsupported,
)
from procgen.ir.types import DType

PLACEHOLDERS = ("passthrough", "drop", None)


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


def examine(
    model: Any, inputs: Inputs | None = None, types: Mapping[str, DType] | None = None
) -> Examination:
    """Look at every step, where `read_model` stops at the first that it must refuse.

    Raises:
        UnfittedModelError: the model has not been trained.
        InputsError: names or types are missing, repeated or unusable.
    """
    steps = list(_steps("model", model))
    refused = {name: _refusal(step) for name, step in steps}
    try:
        source = None if any(refused.values()) else read_model(model, inputs, types)
        reason = ""
    except UnsupportedModelError as error:
        source, reason = None, str(error)
    if reason:
        refused[_blamed(steps, reason)] = reason
    parity = Parity.EXACT if source is None or source.exact else Parity.BOUNDED
    return Examination(
        tuple(
            Verdict(
                name,
                class_name(step),
                Parity.REFUSED if refused[name] else _parity(step, steps, parity),
                refused[name] or _note(step),
            )
            for name, step in steps
        ),
        source,
    )


def _parity(step: Any, steps: list[tuple[str, Any]], whole: Parity) -> Parity:
    """A step that only moves columns is exact; what is bounded is where the sums are made."""
    return whole if step is steps[-1][1] or ESTIMATORS.find(step) is not None else Parity.EXACT


def _note(step: Any) -> str:
    if class_name(step) in BRIDGED:
        return "by way of m2cgen; compile needs --sample"
    return ""


def _steps(name: str, model: Any) -> Iterator[tuple[str, Any]]:
    """The model's steps in the order rows meet them, each after the containers around it."""
    waiting = [(name, model)]
    while waiting:
        path, step = waiting.pop()
        inner = [
            (f"{path} > {part}" if path != "model" else part, what) for part, what in _parts(step)
        ]
        if not inner:
            yield path, step
        waiting.extend(reversed(inner))


def _parts(step: Any) -> list[tuple[str, Any]]:
    parts = [(name, part) for name, part in getattr(step, "steps", ())]
    parts += [(name, part) for name, part, _ in getattr(step, "transformers_", ())]
    parts += [(name, part) for name, part in getattr(step, "transformer_list", ())]
    return [(name, part) for name, part in parts if not isinstance(part, str) and part is not None]


def _refusal(step: Any) -> str:
    """Why the class alone is refused, or nothing."""
    for registry in (ESTIMATORS, TRANSFORMERS):
        if registry.find(step) is not None:
            return ""
    return str(unsupported(step, ESTIMATORS.readers | TRANSFORMERS.readers))


def _blamed(steps: list[tuple[str, Any]], reason: str) -> str:
    """The step that an error is about: the innermost whose name or class it mentions."""
    about: list[str] = [
        name
        for name, step in steps
        if repr(name.rsplit(" > ", 1)[-1]) in reason or type(step).__name__ in reason
    ]
    return about[-1] if about else steps[-1][0]
