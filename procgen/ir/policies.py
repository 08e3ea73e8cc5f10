"""What the database does with a missing or unseen value, where the user wants other than the model.

model   what Python does; NULL where Python raises
null    NULL, also where the model has a score
error   the query fails, and names the input
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from procgen.errors import InputsError
from procgen.ir.expressions import Column, Expr, Fill, Match, Membership, Present, Unary, UnaryOp
from procgen.ir.interpreter import Row, meets
from procgen.ir.program import Action, Program, Requirement
from procgen.ir.types import DType, Field, Scalar
from procgen.ir.walk import descend, expressions

MISSING = "missing"
UNSEEN = "not a category that the model has seen"


class Policy(enum.StrEnum):
    """What is done with a value."""

    MODEL = "model"
    NULL = "null"
    ERROR = "error"


ACTIONS = {Policy.NULL: Action.NULL, Policy.ERROR: Action.ERROR}


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy for every input, and others for some of them by name."""

    everywhere: Policy = Policy.MODEL
    by_input: Mapping[str, Policy] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, option: str) -> Rule:
        """Read `error`, or `age=null,plan=error`, or both: `null,plan=error`.

        Raises:
            InputsError: naming `option`: a word is no policy, or an input stands there twice.
        """
        everywhere = Policy.MODEL
        by_input: dict[str, Policy] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, equals, word = part.rpartition("=")
            if not equals:
                everywhere = _policy(word, option)
            elif name in by_input:
                raise InputsError(f"{option} names the input {name!r} twice")
            else:
                by_input[name] = _policy(word, option)
        return cls(everywhere, by_input)

    def action(self, name: str) -> Action | None:
        """What becomes of a row for the sake of this input; None is the model's own way."""
        return ACTIONS.get(self.by_input.get(name, self.everywhere))


def _policy(word: str, option: str) -> Policy:
    try:
        return Policy(word)
    except ValueError:
        raise InputsError(
            f"{option} has {word!r}", hint=f"it is one of {', '.join(Policy)}, or INPUT=one of them"
        ) from None


@dataclass(frozen=True, slots=True)
class Policies:
    """The rules for missing and for unseen values."""

    missing: Rule = Rule()
    unseen: Rule = Rule()

    def applied(self, program: Program) -> Program:
        """The Program with what the rules demand of its inputs, before what the model demands.

        Raises:
            InputsError: a rule names what is no input, or no input with known categories.
        """
        fields = {field.name: field for field in program.inputs}
        known = known_categories(program)
        for rule, allowed, what in (
            (self.missing, fields.keys(), "an input"),
            (self.unseen, known.keys(), "an input whose categories the model knows"),
        ):
            for name in rule.by_input:
                if name not in allowed:
                    listed = ", ".join(map(repr, allowed)) or "none"
                    raise InputsError(f"{name!r} is not {what}", hint=f"these are: {listed}")
        added = (*self._of_missing(program), *self._of_unseen(program, known))
        return replace(program, requirements=(*added, *program.requirements))

    def _of_missing(self, program: Program) -> Iterator[Requirement]:
        for own in program.inputs:
            action = self.missing.action(own.name)
            if action is not None:
                yield Requirement(
                    Column(own.name),
                    Present(),
                    accepts_missing=False,
                    reason=MISSING,
                    action=action,
                )

    def _of_unseen(
        self, program: Program, known: Mapping[str, tuple[Scalar, ...]]
    ) -> Iterator[Requirement]:
        for own in program.inputs:
            action = self.unseen.action(own.name)
            if action is not None and own.name in known:
                test = Membership(known[own.name])
                yield Requirement(Column(own.name), test, True, UNSEEN, action)  # noqa: FBT003


def known_categories(program: Program) -> dict[str, tuple[Scalar, ...]]:
    """The categories that encoders and requirements list, for each input that has any."""
    fields = {field.name: field for field in program.inputs}
    found: dict[str, dict[Scalar, None]] = {}
    for subject, categories in _listed(program):
        column = _column(subject)
        if column is not None and categories:
            own = found.setdefault(column.name, {})
            own.update(dict.fromkeys(_in_type(value, fields[column.name]) for value in categories))
    return {name: tuple(categories) for name, categories in found.items()}


def _listed(program: Program) -> Iterator[tuple[Expr, tuple[Scalar, ...]]]:
    for requirement in program.requirements:
        if isinstance(requirement.test, Membership):
            yield requirement.subject, requirement.test.categories
    for outer in expressions(program):
        for part in descend(outer):
            if isinstance(part, Match):
                yield part.subject, tuple(case.category for case in part.cases)


def _column(subject: Expr) -> Column | None:
    while True:
        match subject:
            case Column():
                return subject
            case Fill(operand, _) | Unary(UnaryOp.TO_FLOAT64, operand):
                subject = operand
            case _:
                return None


def _in_type(value: Scalar, own: Field) -> Scalar:
    match own.dtype, value:
        case DType.INT64, float() if value.is_integer():
            return int(value)
        case DType.BOOL, float():
            return bool(value)
        case _:
            return value


def raises(program: Program, row: Row) -> bool:
    """Whether the database raises an error on a row, by policy."""
    return _breaks(program, row, Action.ERROR)


def is_hidden(program: Program, row: Row) -> bool:
    """Whether the database gives NULL for a row by policy, whatever Python says."""
    return _breaks(program, row, Action.NULL)


def _breaks(program: Program, row: Row, action: Action) -> bool:
    return any(
        not meets(requirement, row)
        for requirement in program.requirements
        if requirement.action is action
    )
