"""A Program: straight-line bindings from input columns to the outputs that users call."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from procgen.ir.expressions import Expr, Interval, Membership, Present
from procgen.ir.trees import Ensemble
from procgen.ir.types import Field, Type


class OutputName(enum.StrEnum):
    """What a user may ask of a model; the routine of MARGIN ends in `_margin`, and so on."""

    PREDICT = "predict"
    PROBA = "proba"
    MARGIN = "margin"


class Action(enum.StrEnum):
    """Why a row is not scored, and what comes of it.

    REFUSE is the model's own: Python raises, and the database gives NULL. NULL and ERROR are the
    user's policy: the database gives NULL where Python has a score, or raises an error.
    """

    REFUSE = "refuse"
    NULL = "null"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is demanded of a value; a row that breaks it is refused and every output is missing.

    `reason` is a phrase about the rows it refuses, such as "missing" or "not finite".
    """

    subject: Expr
    test: Interval | Membership | Present
    accepts_missing: bool
    reason: str
    # Left out of the JSON as it mostly is: a model without policies keeps its digest.
    action: Action = field(default=Action.REFUSE, metadata={"omitted": True})


@dataclass(frozen=True, slots=True)
class Binding:
    """A value, named once; an Ensemble's value is a list."""

    name: str
    value: Expr | Ensemble


@dataclass(frozen=True, slots=True)
class Output:
    """A binding that is a routine of its own in the database."""

    name: OutputName
    type: Type
    binding: str


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Program:
    """A whole model: its inputs in training order, what it refuses, its bindings, its outputs."""

    inputs: tuple[Field, ...]
    requirements: tuple[Requirement, ...]
    bindings: tuple[Binding, ...]
    outputs: tuple[Output, ...]

    def binding(self, name: str) -> Expr | Ensemble:
        """The value bound to `name`; KeyError if there is none."""
        for binding in self.bindings:
            if binding.name == name:
                return binding.value
        raise KeyError(name)

    def output(self, name: OutputName) -> Output | None:
        """The output called `name`, or None where the model has no such thing."""
        return next((output for output in self.outputs if output.name is name), None)
