"""A facade: routines of one line that call a version, and that a promotion moves to another.

On Postgres the body is a SQL-standard `RETURN`: it is inlined, and the server refuses to drop a
version that a facade calls. DuckDB keeps all overloads of a macro in one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procgen.artifacts.templates import render
from procgen.backends.dialect import Dialect
from procgen.backends.routine import Parameter
from procgen.backends.routines import SUFFIXES, RoutineWriter, Schema
from procgen.backends.rows import PARAMETER, rows_macro
from procgen.ir.program import OutputName, Program
from procgen.ir.types import DType
from procgen.ir.typing import Typing

StateOf = tuple[str, int, str]
"""A model, its version, and a state of `procgen.models`."""


@dataclass(frozen=True, slots=True)
class Served:
    """One call of a facade and the version that answers it.

    Attributes:
        model: its name.
        version: of the model.
        program: what it computes.
        rows: whether it has a table macro.
    """

    model: str
    version: int
    program: Program
    rows: bool = False

    @property
    def label(self) -> str:
        """The version as people name it."""
        return f"{self.model} v{self.version}"


@dataclass(frozen=True, slots=True)
class Move:
    """What a promotion changes: `before` is None where the call is new.

    Attributes:
        before: who answered the call.
        after: who answers it, or None where the facade goes.
        others: the facade's other calls, which stay as they are.
        states: versions whose state changes, each with what it becomes.
        former: the same with what they were.
    """

    before: Served | None
    after: Served | None
    others: tuple[Served, ...] = ()
    states: tuple[StateOf, ...] = ()
    former: tuple[StateOf, ...] = ()

    def reversed(self) -> Move:
        """The move back."""
        return Move(self.after, self.before, self.others, self.former, self.states)

    @property
    def rows(self) -> Served | None:
        """Who answers the facade's table macro afterwards: none where it has several calls."""
        served = (*self.others, *([self.after] if self.after else []))
        return served[0] if len(served) == 1 and served[0].rows else None


@dataclass(frozen=True, slots=True)
class Facade:
    """The name of a facade and who may call it.

    Attributes:
        dialect: of which database.
        schema: where it lives.
        name: `churn` for `ml.churn` and `ml.churn_proba`.
        roles: who may execute its routines.
        former: roles that might before the move, and may no more.
    """

    dialect: Dialect
    schema: str
    name: str
    roles: tuple[str, ...] = ()
    former: tuple[str, ...] = ()

    def script(self, move: Move) -> str:
        """The statements of a move."""
        after, before = move.after, move.before
        others = move.others
        wanted = [] if after is None else self._outputs(after.program)
        known = [] if before is None else self._outputs(before.program)
        kept = [(after, output) for output in wanted if after]
        lost = [(before, output) for output in reversed(known) if before and output not in wanted]
        quote = self.dialect.identifier
        literal = self.dialect.literal
        return render(
            self.dialect.name,
            "facade",
            title=self._title(move),
            row_type=self._new_row_type(move),
            old_row_type=self._new_row_type(move.reversed()),
            routines=[
                self._entry(one, others, output, known=output in known) for one, output in kept
            ],
            dropped=[self._dropped(one, others, output) for one, output in lost],
            rows=self._rows(move),
            roles=[role if role == "PUBLIC" else quote(role) for role in self.roles],
            former=[role if role == "PUBLIC" else quote(role) for role in self.former],
            states=[
                (_plain(literal(state, DType.TEXT)), _plain(literal(name, DType.TEXT)), version)
                for name, version, state in move.states
            ],
        )

    def objects(self, move: Move) -> tuple[str, ...]:
        """What a move creates or changes, as history names it."""
        if move.after is None:
            return ()
        names = [self.name + SUFFIXES[output] for output in self._outputs(move.after.program)]
        if self.overloads_are_one:
            rows = [rows_macro(self.schema, self.name)] if move.rows else []
            return (*(f"macro {self.schema}.{name}" for name in names), *rows)
        types = ", ".join(parameter.type for parameter in self.parameters(move.after))
        return tuple(f"function {self.schema}.{name}({types})" for name in names)

    def parameters(self, served: Served) -> tuple[Parameter, ...]:
        """How a call of the facade is written."""
        return self._writer(served.program, self.name).parameters()

    def inputs(self, served: Served) -> tuple[Parameter, ...]:
        """Every input of a version, by name and type, whether or not they are passed as a row."""
        return self._writer(served.program, self.name).fields()

    def call(self, served: Served) -> str:
        """The signature of a call, with names and types, as messages show it."""
        program = served.program
        listed = ", ".join(f"{one.name} {one.type}" for one in self.inputs(served))
        answers = ", ".join(
            f"{output.name.value} {self.dialect.type_name(output.type)}"
            for output in program.outputs
        )
        return f"{self.schema}.{self.name}({listed}) -> {answers}"

    def takes_row(self, served: Served) -> bool:
        """Whether the inputs are passed as one row."""
        return self._writer(served.program, self.name).takes_row

    def _title(self, move: Move) -> str:
        name = f"{self.schema}.{self.name}"
        if move.after is None:
            return f"{name} goes."
        before = "new" if move.before is None else f"before: {move.before.label}"
        return f"{name} is answered by {move.after.label} ({before})."

    def _outputs(self, program: Program) -> list[OutputName]:
        return [output.name for output in program.outputs]

    def _writer(self, program: Program, name: str) -> RoutineWriter:
        return RoutineWriter(program, Schema(self.dialect, self.schema, name), Typing.of(program))

    def _new_row_type(self, move: Move) -> dict[str, object] | None:
        """The facade's own row type, where the move brings it."""
        if move.before is not None or move.after is None or not self.takes_row(move.after):
            return None
        writer = self._writer(move.after.program, self.name)
        return {"name": writer.schema.qualified("_row"), "fields": writer.fields()}

    def _entry(
        self, served: Served, others: Sequence[Served], output: OutputName, *, known: bool
    ) -> dict[str, object]:
        answering = self._answering(
            (served, *others) if self.overloads_are_one else (served,), output
        )
        replaces = known or len(answering) > 1
        return {
            "name": self._schema(output).qualified(),
            "create": "CREATE OR REPLACE" if replaces else "CREATE",
            "signature": self._signature(served, output),
            "returns": self._returns(served.program, output),
            "calls": [self._overload(one, output) for one in answering],
            "comment": self._comment(answering),
        }

    def _rows(self, move: Move) -> dict[str, object] | None:
        """The table macro, where it comes, moves or goes; it has no overloads."""
        before, after = move.reversed().rows, move.rows
        if before == after:
            return None
        name = Schema(self.dialect, self.schema, self.name).qualified("_rows")
        if after is None:
            return {"name": name, "version": None}
        version = Schema(self.dialect, self.schema, f"{after.model}_v{after.version}")
        return {
            "name": name,
            "version": version.qualified("_rows"),
            "create": "CREATE" if before is None else "CREATE OR REPLACE",
            "comment": self._comment([after]),
            "parameter": PARAMETER,
        }

    def _dropped(
        self, served: Served, others: Sequence[Served], output: OutputName
    ) -> dict[str, object]:
        """What goes with a lost output; DuckDB's other overloads of it are made again."""
        answering = self._answering(others if self.overloads_are_one else (), output)
        return {
            "name": self._schema(output).qualified(),
            "signature": self._signature(served, output),
            "calls": [self._overload(one, output) for one in answering],
            "comment": self._comment(answering),
        }

    @property
    def overloads_are_one(self) -> bool:
        """Whether all overloads of a routine are one object, made by one statement."""
        return self.dialect.largest_inlined is None

    def _answering(self, all_served: Sequence[Served], output: OutputName) -> list[Served]:
        found = [one for one in all_served if output in self._outputs(one.program)]
        return sorted(found, key=lambda one: len(one.program.inputs))

    def _comment(self, answering: Sequence[Served]) -> str:
        labels = ", ".join(one.label for one in answering)
        return _plain(self.dialect.literal(f"procgen facade of {labels}", DType.TEXT))

    def _schema(self, output: OutputName) -> Schema:
        return Schema(self.dialect, self.schema, self.name + SUFFIXES[output])

    def _overload(self, served: Served, output: OutputName) -> dict[str, object]:
        version = Schema(self.dialect, self.schema, f"{served.model}_v{served.version}")
        parameters = self.parameters(served)
        names = ", ".join(parameter.name for parameter in parameters)
        if self.takes_row(served):
            fields = self._writer(served.program, self.name).fields()
            row = ", ".join(f"({names}).{field.name}" for field in fields)
            names = f"ROW({row})::{version.qualified('_row')}"
        return {
            "parameters": parameters,
            "value": f"{version.qualified(SUFFIXES[output])}({names})",
        }

    def _signature(self, served: Served, output: OutputName) -> str:
        schema = Schema(self.dialect, self.schema, self.name)
        types = ", ".join(parameter.type for parameter in self.parameters(served))
        return f"{schema.qualified(SUFFIXES[output])}({types})"

    def _returns(self, program: Program, output: OutputName) -> str:
        (found,) = [one.type for one in program.outputs if one.name is output]
        return self.dialect.type_name(found)


def _plain(literal: str) -> str:
    """A text literal without its cast, for statements that allow no expression."""
    return literal.removesuffix("::text")
