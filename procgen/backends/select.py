"""One SELECT that scores a relation without any routine: each output is one more subquery.

    SELECT "id", "procgen_predict" AS prediction, "procgen_margin" AS margin
    FROM (SELECT *, <decision over procgen_margin> AS "procgen_predict"
    FROM (SELECT *, <trees> AS "procgen_margin"
    FROM (SELECT "id" AS "procgen_key_1", CAST("age" AS DOUBLE) AS "age" FROM customers) ...

A sum with more terms than the engine adds in one expression grows by one subquery a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procgen.backends.dialect import Dialect
from procgen.backends.printer import Printer
from procgen.backends.work import Work
from procgen.errors import LimitError
from procgen.ir.expressions import Reference
from procgen.ir.program import Output, OutputName, Program
from procgen.ir.trees import Ensemble
from procgen.ir.typing import Typing

TITLES = {
    OutputName.PREDICT: "prediction",
    OutputName.PROBA: "proba",
    OutputName.MARGIN: "margin",
}


@dataclass(frozen=True, slots=True)
class SelectWriter:
    """Writes the SELECT of one lowered Program."""

    program: Program
    dialect: Dialect
    typing: Typing

    def select(self, relation: str, keys: Sequence[str]) -> str:
        """The statement.

        Args:
            relation: a table or view, already quoted where it needs to be.
            keys: names of columns that are passed through, not quoted.

        Raises:
            LimitError: more columns than one row of a subquery can hold.
        """
        limit = self.dialect.target.max_inputs
        if len(self.program.inputs) + len(keys) > limit:
            raise LimitError(
                f"{len(self.program.inputs)} inputs and {len(keys)} keys, and {self.dialect.name} "
                f"holds at most {limit} in a subquery"
            )
        source = self._source(relation, keys)
        position = {binding.name: place for place, binding in enumerate(self.program.bindings)}
        outputs = sorted(self.program.outputs, key=lambda output: position[output.binding])
        elsewhere: dict[str, str] = {}
        for output in outputs:
            source = self._with_output(source, output, elsewhere)
            elsewhere = {output.binding: self.own_column(output.name.value), **elsewhere}
        return self._final(source, keys)

    def _final(self, source: str, keys: Sequence[str]) -> str:
        columns = [
            f"{self.own_column(f'key_{number}')} AS {self._quote(key)}"
            for number, key in enumerate(keys, start=1)
        ]
        columns += [
            f"{self.own_column(name.value)} AS {title}"
            for name, title in TITLES.items()
            if self.program.output(name) is not None
        ]
        return f"SELECT {', '.join(columns)}\nFROM {source}\n"

    def _source(self, relation: str, keys: Sequence[str]) -> str:
        columns = [
            f"{self._quote(key)} AS {self.own_column(f'key_{number}')}"
            for number, key in enumerate(keys, start=1)
        ]
        columns += [
            f"CAST({self._quote(field.name)} AS {self.dialect.types[field.dtype]}) "
            f"AS {self._quote(field.name)}"
            for field in self.program.inputs
        ]
        return self._subquery(f"SELECT {', '.join(columns)}\nFROM {relation}")

    def _subquery(self, statement: str) -> str:
        alias = self.own_column("rows")
        return f"({statement}{self.dialect.fence}) AS {alias}"

    def _with_output(self, source: str, output: Output, elsewhere: dict[str, str]) -> str:
        work = Work.of(self.typing, Reference(output.binding), elsewhere)
        sums: dict[tuple[str, int], str] = {}
        if work.terms > self.dialect.target.max_terms and self.dialect.ordered_sum is None:
            for name, index in work.sums:
                source, column = self._with_sum(source, output, (name, index), elsewhere)
                sums[name, index] = column
        printer = self._printer(elsewhere, sums)
        value = printer.text(Reference(output.binding))
        admission = printer.admission() if work.needs_admission else ()
        if admission:
            value = f"CASE WHEN {' AND '.join(admission)}\nTHEN {value} END"
        column = self.own_column(output.name.value)
        return self._subquery(f"SELECT *, {value} AS {column}\nFROM {source}")

    def _with_sum(
        self, source: str, output: Output, sum_: tuple[str, int], elsewhere: dict[str, str]
    ) -> tuple[str, str]:
        """Add a sum group by group; returns the new source and the column that holds the total."""
        ensemble = self.typing.bindings[sum_[0]]
        if not isinstance(ensemble, Ensemble):
            raise TypeError(f"{sum_[0]} is not an ensemble")
        total, *trees = self._printer(elsewhere, {}).ensemble_terms(ensemble, sum_[1])
        size = self.dialect.target.max_terms - 1
        for first in range(0, len(trees), size):
            step = f"{output.name.value}_{sum_[1]}_{first // size}"
            column = self.own_column(step)
            group = "\n + ".join((total, *trees[first : first + size]))
            source = self._subquery(f"SELECT *, {group} AS {column}\nFROM {source}")
            total = column
        return source, total

    def _printer(self, elsewhere: dict[str, str], sums: dict[tuple[str, int], str]) -> Printer:
        return Printer(
            dialect=self.dialect,
            program=self.program,
            typing=self.typing,
            columns={field.name: self._quote(field.name) for field in self.program.inputs},
            elsewhere=elsewhere,
            sums=sums,
        )

    def _quote(self, name: str) -> str:
        return self.dialect.identifier(name)

    def own_column(self, name: str) -> str:
        """A quoted column name of ours that no input has, in any letter case."""
        taken = {field.name.casefold() for field in self.program.inputs}
        prefix = "procgen_"
        while any(column.startswith(prefix) for column in taken):
            prefix += "_"
        return self._quote(prefix + name)
