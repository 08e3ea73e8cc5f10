"""The verify script: fixture rows as literals, and the bounds of every score of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procgen.artifacts.fixtures import Fixture, fixtures
from procgen.artifacts.templates import render
from procgen.backends.calls import call
from procgen.backends.dialect import Dialect
from procgen.backends.routine import Parameter
from procgen.backends.routines import MANY, ONE, SUFFIXES, RoutineWriter
from procgen.backends.select import SelectWriter
from procgen.ir.interpreter import Value
from procgen.ir.program import Output, Program
from procgen.ir.types import DType, ListType, Scalar, Type


@dataclass(frozen=True, slots=True)
class VerifyWriter:
    """The verify script: fixture rows as literals, each score within its bounds.

    Attributes:
        routines: the names of everything that is called.
    """

    dialect: Dialect
    program: Program
    writer: RoutineWriter
    fields: Sequence[Parameter]
    routines: frozenset[str]

    def script(self) -> str:
        """The script."""
        cases = fixtures(self.program)
        row = self._own("row")
        outputs = self.program.outputs
        return render(
            self.dialect.name,
            "verify",
            row=row,
            columns=[
                row,
                *(field.name for field in self.fields),
                *(self._own(f"{side}_{o.name.value}") for o in outputs for side in ("low", "high")),
            ],
            cases=[self._case(number, case) for number, case in enumerate(cases, start=1)],
            checks=[
                self._check(output, half)
                for output in outputs
                for half in ("", *(half for half in (ONE, MANY) if self._has(output, half)))
            ],
        )

    def _case(self, number: int, case: Fixture) -> list[str]:
        literal = self.dialect.literal
        inputs = [
            literal(value, field.dtype)
            for value, field in zip(case.row, self.program.inputs, strict=True)
        ]
        bounds = [
            self._value(bound, output.type)
            for output in self.program.outputs
            for bound in case.bounds[output.name]
        ]
        return [str(number), *inputs, *bounds]

    def _value(self, value: Value, kind: Type) -> str:
        match kind:
            case ListType(item):
                if not isinstance(value, tuple):
                    return f"CAST(NULL AS {self.dialect.type_name(kind)})"
                items = ", ".join(self._scalar(part, item) for part in value)
                return self.dialect.list_of.format(items)
            case dtype:
                return self._scalar(value, dtype)

    def _scalar(self, value: Value, dtype: DType) -> str:
        if isinstance(value, tuple):
            raise TypeError("a list where one value is expected")
        return self.dialect.literal(value, dtype)

    def _has(self, output: Output, half: str) -> bool:
        return self.writer.schema.name + SUFFIXES[output.name] + half in self.routines

    def _check(self, output: Output, half: str) -> dict[str, object]:
        title: Scalar = self.writer.schema.name + SUFFIXES[output.name] + half
        return {
            "call": call(self.writer, output.name, half),
            "got": self._own(f"got_{output.name.value}{half}"),
            "low": self._own(f"low_{output.name.value}"),
            "high": self._own(f"high_{output.name.value}"),
            "title": self.dialect.literal(title, DType.TEXT),
            "is_list": isinstance(output.type, ListType),
        }

    def _own(self, name: str) -> str:
        select = SelectWriter(self.program, self.dialect, self.writer.typing)
        return select.own_column(name)
