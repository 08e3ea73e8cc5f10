"""Trees as one list of nodes that an expression walks level by level, all trees at once.

DuckDB plans a nested CASE anew for every query, at a tenth of a millisecond a split, and a row pays
for splits that it does not reach. The text of a walk grows with the depth alone:

    list_transform(trees, lambda e: m.n[e.l + (x[e.f] > e.t)::INTEGER])      -- one level

`trees` holds the node where each tree is, as a struct of what node_lists.py says of it: one access
to a list for a node, and one for the number that it tests.

Planning takes half a millisecond a level, which is most of what a row costs that comes alone. So a
walk for few rows has some levels in its text, and list_reduce repeats them; that takes longer for a
row among many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from procgen.backends import conditions
from procgen.backends.dialect import Dialect
from procgen.backends.duckdb import ADD
from procgen.backends.node_lists import Lists, node_lists
from procgen.backends.trees import Subject
from procgen.ir.expressions import Membership
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Split
from procgen.ir.types import DType
from procgen.ir.walk import ensembles_of

REPEATED = 2
"""Levels that are repeated as one: with each of them a row is faster, and planning slower."""
NODES = "procgen_nodes"
LEAVES = "procgen_leaves"
RIGHT = "procgen_e.l + (procgen_row[procgen_e.f] > procgen_e.t)::INTEGER"
RIGHT_OR_MISSING = (
    "procgen_e.l + coalesce((procgen_row[procgen_e.f] > procgen_e.t)::INTEGER, procgen_e.d)"
)
FIELDS = {"l": "INTEGER", "f": "SMALLINT", "t": "DOUBLE", "d": "TINYINT"}


@dataclass(frozen=True, slots=True)
class NodeColumn:
    """One column of the lists: what is written, and the list that it becomes.

    Attributes:
        lists: the lists of its literals by name, each with the type of its items.
        value: the column over those names.
        type: of the column.
    """

    lists: Mapping[str, tuple[Sequence[float], str]]
    value: str
    type: str


@dataclass(frozen=True, slots=True)
class Walk:
    """Prints the walk of one ensemble; its lists are fields of NODES, with `number` behind.

    Attributes:
        dialect: whose.
        ensemble: which is walked.
        lists: its nodes.
        number: of the walk, from 1.
        repeated: whether the text has some levels, soon planned, or all, faster for a row of many.
        row: a column that holds the numbers that nodes test; None to make them inside the text.
    """

    dialect: Dialect
    ensemble: Ensemble
    lists: Lists
    number: int
    repeated: bool
    row: str | None = None

    def columns(self) -> dict[str, NodeColumn]:
        """Each field of NODES by its name."""
        lists, sums = self.lists, self.dialect.types[self.ensemble.accumulate]
        nodes = (lists.lefts, lists.features, lists.thresholds, lists.missing)
        found = {f"n{self.number}": self._nodes(dict(zip(FIELDS, nodes, strict=True)))}
        for place, values in enumerate(lists.values):
            name = f"v{place}_{self.number}"
            found[name] = NodeColumn({name: (values, sums)}, name, f"{sums}[]")
        roots = lists.roots[:1] if lists.is_shared else lists.roots
        for output, places in enumerate(roots):
            name = f"r{output}_{self.number}"
            found[name] = NodeColumn({name: (places, "INTEGER")}, name, "INTEGER[]")
        return found

    def total(self, subjects: Sequence[Subject], output: int) -> str:
        """The sum of one output, base score first, not yet divided."""
        return self._sum(self._leaves(subjects, 0 if self.lists.is_shared else output), output)

    def totals(self, subjects: Sequence[Subject]) -> tuple[str, list[str]]:
        """One walk for all outputs: its text, and each sum over what LEAVES names."""
        sums = [self._sum(LEAVES, output) for output in range(len(self.lists.roots))]
        return self._leaves(subjects, 0), sums

    def is_in(self, text: str) -> bool:
        """Whether a text makes this walk."""
        return f"{NODES}.n{self.number}[" in text

    def _list(self, name: str) -> str:
        return f"{NODES}.{name}{self.number}"

    def _nodes(self, fields: Mapping[str, Sequence[float]]) -> NodeColumn:
        kept = {name: values for name, values in fields.items() if name != "d" or any(values)}
        lists = {f"{name}{self.number}": (kept[name], FIELDS[name]) for name in kept}
        parts = ", ".join(f"'{name}': {name}{self.number}[procgen_i]" for name in kept)
        every = f"range(1, len(l{self.number}) + 1)"
        kind = ", ".join(f"{name} {FIELDS[name]}" for name in kept)
        value = f"list_transform({every}, lambda procgen_i: {{{parts}}})"
        return NodeColumn(lists, value, f"STRUCT({kind})[]")

    def _sum(self, leaves: str, output: int) -> str:
        place = output if self.lists.is_shared else 0
        base = self.dialect.literal(self.ensemble.base_score[output], self.ensemble.accumulate)
        terms = f"list_transform({leaves}, lambda procgen_n: {self._list(f'v{place}_')}[procgen_n])"
        return f"list_reduce({terms}, {ADD}, {base})"

    def _leaves(self, subjects: Sequence[Subject], output: int) -> str:
        roots = self._list(f"r{output}_")
        right = self._right(subjects)
        text = (
            self._repeated(roots, right)
            if self.repeated
            else self._unrolled(roots, right, self.lists.levels)
        )
        if self.row is not None:
            return text.replace("procgen_row[", f"{self.row}[")
        return f"list_transform([{self.numbers(subjects)}], lambda procgen_row:\n {text})[1]"

    def _right(self, subjects: Sequence[Subject]) -> str:
        """The child of the node `procgen_e` to which the row goes."""
        splits = self.lists.columns.values()
        if any(self.lists.missing):
            return RIGHT_OR_MISSING
        if any(subjects[split.feature].may_be_missing for split in splits):
            return RIGHT_OR_MISSING.replace("procgen_e.d", "0")
        return RIGHT

    def _unrolled(self, places: str, right: str, levels: int) -> str:
        """So many levels from some places in the trees to others."""
        nodes = self._list("n")
        text = f"list_transform({places}, lambda procgen_n: {nodes}[procgen_n])"
        for _ in range(levels - 1):
            text = f"list_transform({text}, lambda procgen_e:\n {nodes}[{right}])"
        return f"list_transform({text}, lambda procgen_e:\n {right})"

    def _repeated(self, roots: str, right: str) -> str:
        """Some levels for each item of a list; below a leaf is the leaf itself.

        The items are empty lists: they have the type of the places.
        """
        items = f"list_resize([]::INTEGER[][], {-(-self.lists.levels // REPEATED)})"
        levels = self._unrolled("procgen_p", right, REPEATED)
        return f"list_reduce({items}, lambda procgen_p, procgen_item:\n {levels}, {roots})"

    def numbers(self, subjects: Sequence[Subject]) -> str:
        """What the nodes test of a row, as one list: NULL where a value is missing."""
        splits = self.lists.columns.values()
        numbers = [self._number(subjects[split.feature], split) for split in splits]
        row = ",\n ".join(number for number, _ in numbers)
        if not any(may_be_nan for _, may_be_nan in numbers):
            return f"[{row}]"
        # Once in a lambda: to plan it for each of thirty numbers takes two milliseconds.
        nan = self.dialect.literal(math.nan, DType.FLOAT64)
        return f"list_transform([{row}], lambda procgen_x: nullif(procgen_x, {nan}))"

    def _number(self, subject: Subject, split: Split) -> tuple[str, bool]:
        """A number that nodes test, and whether it is NaN where the value is missing."""
        if isinstance(split.test, Membership):
            yes = conditions.passing(self.dialect, subject.text, subject.dtype, split.test)
            no = conditions.failing(self.dialect, subject.text, subject.dtype, split.test)
            return f"CASE WHEN {yes} THEN 0e0 WHEN {no} THEN 1e0 END", False
        number = self.dialect.to_float[subject.dtype].format(subject.text)
        return number, subject.may_be_nan


def walks_of(
    program: Program, dialect: Dialect, walked: Iterable[str], *, repeated: bool
) -> dict[str, Walk]:
    """The walks of some of a Program's ensembles, by their bindings; `repeated` as in Walk."""
    wanted = set(walked)
    found = {name: one for name, one in ensembles_of(program).items() if name in wanted}
    return {
        name: Walk(dialect, ensemble, node_lists(ensemble), number, repeated)
        for number, (name, ensemble) in enumerate(found.items(), start=1)
    }


def with_nodes(value: str, walks: Iterable[Walk], table: str | None) -> str:
    """The value, in which NODES stands for the lists of every walk that it makes.

    Args:
        value: what is computed.
        walks: those that it may make.
        table: that holds the lists in one row, or None to write them into the text.
    """
    columns: dict[str, NodeColumn] = {}
    for walk in walks:
        if walk.is_in(value):
            columns |= walk.columns()
    if not columns:
        return value
    if table is not None:
        struct = ", ".join(f"'{name}': {name}" for name in columns)
        return f"list_transform([(SELECT {{{struct}}} FROM {table})], lambda {NODES}:\n{value})[1]"
    # The literals are columns of a table of one row: written in the struct itself they would be
    # constants, which DuckDB copies into every place that names them.
    struct = ", ".join(f"'{name}': {column.value}" for name, column in columns.items())
    return (
        f"list_transform([(SELECT {{{struct}}} FROM {literal_lists(columns.values())})], "
        f"lambda {NODES}:\n{value})[1]"
    )


def literal_lists(columns: Iterable[NodeColumn]) -> str:
    """One row of lists, by the names that the columns' values read."""
    lists = {name: pair for column in columns for name, pair in column.lists.items()}
    literals = ",\n ".join(f"{_list_literal(values)}" for values, _ in lists.values())
    typed = ", ".join(f"{name}::{kind}[] AS {name}" for name, (_, kind) in lists.items())
    return (
        f"(SELECT {typed} FROM (VALUES (\n {literals})) AS procgen_texts({', '.join(lists)})) "
        "AS procgen_lists"
    )


def _list_literal(values: Iterable[float]) -> str:
    return f"'[{','.join(map(repr, values))}]'"
