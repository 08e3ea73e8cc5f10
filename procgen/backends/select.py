"""One SELECT that scores a relation without any routine: each output is one more subquery.

    SELECT "id", "procgen_predict" AS prediction, "procgen_margin" AS margin
    FROM (SELECT *, <decision over procgen_margin> AS "procgen_predict"
    FROM (SELECT *, <trees> AS "procgen_margin"
    FROM (SELECT "id" AS "procgen_key_1", CAST("age" AS DOUBLE) AS "age" FROM customers) ...

A sum with more terms than the engine adds in one expression grows by one subquery a group. A
table macro is the same over any relation, with the lists of its walks in a table, and with passes:
subqueries that DuckDB keeps, so that a few hundred splits are run over all rows at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from procgen.backends.admission import admission as admission_of
from procgen.backends.dialect import Dialect
from procgen.backends.printer import Printer
from procgen.backends.row_order import RowOrder
from procgen.backends.sharing import Key, in_order, shared_values
from procgen.backends.stand_ins import StandIns
from procgen.backends.trees import TreePrinter
from procgen.backends.walks import NODES, Walk, with_nodes
from procgen.backends.work import Work
from procgen.errors import LimitError
from procgen.ir.expressions import Reference
from procgen.ir.program import Output, OutputName, Program
from procgen.ir.trees import Ensemble, Tree
from procgen.ir.typing import Typing

TITLES = {
    OutputName.PREDICT: "prediction",
    OutputName.PROBA: "proba",
    OutputName.MARGIN: "margin",
}


SPLITS_A_PASS = 450
"""More of them in one pipeline fall out of the processor's cache: each owns 45 KB of state."""
ORDERED_SPLITS_A_PASS = 1_100
"""The same over rows in an order of their own (row_order.py), which touch less of that state."""
TREES_A_STAGE = 5
"""In every part of a sum DuckDB looks for what is there twice: in long sums a third of planning."""


@dataclass(frozen=True, slots=True)
class SelectWriter:
    """Writes the SELECT of one lowered Program.

    Attributes:
        program: lowered for the dialect.
        dialect: whose.
        typing: of the program.
        walks: the ensembles that are walked.
        nodes: the table that holds the lists of the walks; None to write them into the text.
        passes: filled with the subqueries that are kept, by name; None to keep none.
        stand_ins: what the source has for NaN, by input.
        order: of the rows that the passes read.
    """

    program: Program
    dialect: Dialect
    typing: Typing
    walks: Mapping[str, Walk] = field(default_factory=dict)
    nodes: str | None = None
    passes: dict[str, str] | None = None
    stand_ins: StandIns = field(default_factory=dict)
    order: RowOrder | None = None

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
        return self._final(self.scored(self._source(relation, keys)), keys)

    def scored(self, source: str) -> str:
        """A subquery over one that has the inputs as columns; it adds a column for each output."""
        position = {binding.name: place for place, binding in enumerate(self.program.bindings)}
        outputs = sorted(self.program.outputs, key=lambda output: position[output.binding])
        elsewhere: dict[str, str] = {}
        for output in outputs:
            source = self._with_output(source, output, elsewhere)
            elsewhere = {output.binding: self.own_column(output.name.value), **elsewhere}
        return source

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
        return self.subquery(f"SELECT {', '.join(columns)}\nFROM {relation}")

    def with_numbers(self, source: str) -> str:
        """A column for each walk that has one: the numbers that its nodes test."""
        printer = self._printer({}, {})
        for walk in self.walks.values():
            if walk.row is not None:
                text = walk.numbers(printer.subjects(walk.ensemble))
                source = self._with_column(source, text, walk.row)
        return source

    def ordered(self, source: str) -> str:
        """The rows in the order that is asked for, if any is."""
        if self.order is None:
            return source
        cells = self.order.cells
        printer = TreePrinter(self.dialect, cells, self._printer({}, {}).subjects(cells))
        cell = f"CAST({printer.text(cells.trees[0], 0)} AS UTINYINT)"
        return self.subquery(f"SELECT *\nFROM {source}\nORDER BY /* what goes together */ {cell}")

    def subquery(self, statement: str) -> str:
        """A statement as what another one reads from."""
        return f"({statement}{self.dialect.fence}) AS {self.own_column('rows')}"

    def _with_column(
        self, source: str, value: str, column: str, admission: tuple[str, ...] = ()
    ) -> str:
        """Add a column; NULL in rows that are not admitted."""
        rows, added = self.own_column("rows"), f"AS {column}\nFROM {source}"
        if self.nodes is not None and any(walk.is_in(value) for walk in self.walks.values()):
            text = _admitted(value, admission)
            return self.subquery(f"SELECT {rows}.*, {text} {added}, {self.nodes} AS {NODES}")
        text = _admitted(with_nodes(value, self.walks.values(), None), admission)
        return self.subquery(f"SELECT *, {text} {added}")

    def _with_output(self, source: str, output: Output, elsewhere: dict[str, str]) -> str:
        root = output.binding
        work = Work.of(self.typing, Reference(root), elsewhere)
        admission = admission_of(self._printer(elsewhere, {})) if work.needs_admission else ()
        keys = self._named_values(root, work, elsewhere)
        if keys and admission:
            # Once for all the columns below, and no value of a refused row is computed at all.
            column = self.own_column(f"{output.name.value}_admitted")
            source = self._with_column(source, f"({' AND '.join(admission)})", column)
            admission = (column,)
        names: dict[Key, str] = {}
        for number, key in enumerate(keys, start=1):
            label = f"{output.name.value}_{number}"
            source = self._with_value(source, (label, key), elsewhere, names, admission)
            names[key] = self.own_column(label)
        text = self._printer(elsewhere, names).text(Reference(root))
        return self._with_column(source, text, self.own_column(output.name.value), admission)

    def _named_values(self, root: str, work: Work, elsewhere: dict[str, str]) -> tuple[Key, ...]:
        """Values with a column of their own: what is used twice, and sums that are too long."""
        shared = shared_values(self.program, self.typing, root, elsewhere)
        apart: list[Key] = []
        if self.passes is not None:
            apart = [key for key in work.sums if key[0] not in self.walks]
        elif self.dialect.ordered_sum is None and work.terms > self.dialect.target.max_terms:
            apart = list(work.sums)
        return in_order(self.program, dict.fromkeys((*shared, *apart)))

    def _with_value(
        self,
        source: str,
        labelled: tuple[str, Key],
        elsewhere: dict[str, str],
        names: dict[Key, str],
        admission: tuple[str, ...],
    ) -> str:
        """Add the column of one value, in which the values in `names` have columns already."""
        label, key = labelled
        printer = self._printer(elsewhere, names)
        if isinstance(key, tuple) and key[0] not in self.walks:
            return self._with_sum(source, label, printer, key)
        return self._with_column(source, printer.definition(key), self.own_column(label), admission)

    def _with_sum(self, source: str, label: str, printer: Printer, key: tuple[str, int]) -> str:
        """Add a sum group by group; the last group's column has the label."""
        ensemble = self.typing.bindings[key[0]]
        if not isinstance(ensemble, Ensemble):
            raise TypeError(f"{key[0]} is not an ensemble")
        total, *trees = printer.ensemble_terms(ensemble, key[1])
        groups = self._groups(trees, [t for t in ensemble.trees if key[1] in t.outputs])
        kept = "*"
        for number, group in enumerate(groups):
            is_last = number == len(groups) - 1
            column = self.own_column(label if is_last else f"{label}_{number}")
            *stages, last = self._stages(group)
            for stage in stages:
                source = self.subquery(_sum_of(kept, (total, *stage), column, source))
                total, kept = column, f"* EXCLUDE ({column})"
            source = self._kept(_sum_of(kept, (total, *last), column, source), len(groups))
            total, kept = column, "*" if self.passes is None else f"* EXCLUDE ({column})"
        return source

    def _stages(self, group: list[str]) -> list[list[str]]:
        """The terms of a pass in a few subqueries, which take less time to plan than one."""
        if self.passes is None or not group:
            return [group]
        size = TREES_A_STAGE
        return [group[first : first + size] for first in range(0, len(group), size)]

    def _groups(self, texts: Sequence[str], trees: Sequence[Tree]) -> list[list[str]]:
        """Terms that one subquery adds: as many as the engine adds, or as fit into a pass."""
        groups: list[list[str]] = [[]]
        most = SPLITS_A_PASS if self.order is None else ORDERED_SPLITS_A_PASS
        splits = 0
        for text, tree in zip(texts, trees, strict=True):
            size = len(tree.nodes) // 2
            is_full = self.passes is not None and splits + size > most
            if groups[-1] and (is_full or len(groups[-1]) == self.dialect.target.max_terms - 1):
                groups.append([])
                splits = 0
            groups[-1].append(text)
            splits += size
        return groups

    def _kept(self, statement: str, groups: int) -> str:
        """A subquery, kept where it is one pass of several."""
        if self.passes is None or groups == 1:
            return self.subquery(statement)
        name = self.own_column(f"pass_{len(self.passes) + 1}")
        self.passes[name] = statement
        return f"{name} AS {self.own_column('rows')}"

    def _printer(self, elsewhere: dict[str, str], names: dict[Key, str]) -> Printer:
        return Printer(
            dialect=self.dialect,
            program=self.program,
            typing=self.typing,
            columns={field.name: self._quote(field.name) for field in self.program.inputs},
            elsewhere=elsewhere,
            sums={key: name for key, name in names.items() if isinstance(key, tuple)},
            shared={key: name for key, name in names.items() if isinstance(key, str)},
            walks=self.walks,
            stand_ins=self.stand_ins,
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


def _sum_of(kept: str, terms: Sequence[str], column: str, source: str) -> str:
    """A statement that adds a column with a sum."""
    text = "\n + ".join(terms)
    return f"SELECT {kept}, {text} AS {column}\nFROM {source}"


def _admitted(value: str, admission: tuple[str, ...]) -> str:
    """The value of a row that is scored; NULL for the others."""
    return f"CASE WHEN {' AND '.join(admission)}\nTHEN {value} END" if admission else value
