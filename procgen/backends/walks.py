"""Trees as lists of nodes that one expression walks level by level, all trees at once.

DuckDB plans a nested CASE anew for every query, at a tenth of a millisecond a split, and a row pays
for splits that it does not reach. A list is one literal, whatever it holds, and the text of a walk
grows with the depth alone:

    list_transform(roots, lambda n: m.l[n] + (x[m.f[n]] > m.t[n])::INTEGER)      -- one level

Node `n` tests feature `f[n]` against `t[n]`. Its left child is `l[n]` and its right one the next;
`d[n]` is 1 where a missing value goes right. A leaf is its own left child below a threshold of
infinity, so that a walk may go on too long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from procgen.backends import conditions
from procgen.backends.dialect import Dialect
from procgen.backends.duckdb import ADD
from procgen.backends.trees import Subject
from procgen.ir.cuts import cut_at
from procgen.ir.expressions import Membership, Test
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree, depth, split_count
from procgen.ir.types import DType

BATCH = 100_000
"""Rows of the query for which the lowering is chosen."""
PLANNING = 100e-6
"""Seconds that DuckDB plans a split of a nested CASE."""
NESTED = 2.4e-9
"""Seconds that a row takes for each split of a nested CASE, reached or not."""
WALKED = 1e-6
"""Seconds that a row takes to become a list, and its leaves a sum."""
LEVEL = 30e-9
"""Seconds that a row takes for one level of one tree, walked."""
DEEPEST = 200
LARGEST_INTEGER = 2**53
WIDEST = 1_000
NODES = "procgen_nodes"
LEAVES = "procgen_leaves"

Column = tuple[int, frozenset[object] | None]
"""A feature, and for a set of categories the set: its column holds 1 outside of the set."""


def pays(ensemble: Ensemble) -> bool:
    """Whether a batch of rows is scored sooner by a walk than by nested CASE.

    The figures above were measured on DuckDB 2.0, one thread, with trees of 255 to 20,000 splits
    and forests of up to 66,000: depths that are alike favour the walk, which takes every tree as
    far down as the deepest one.
    """
    splits = split_count(ensemble.trees)
    deepest = max(map(depth, ensemble.trees), default=0)
    nested = splits * (PLANNING + BATCH * NESTED)
    walked = BATCH * (WALKED + LEVEL * len(ensemble.trees) * deepest)
    return walked < nested and deepest <= DEEPEST and has_lists(ensemble)


def has_lists(ensemble: Ensemble) -> bool:
    """Whether every split is a number against a bound, and outputs are laid out in one way."""
    everything = tuple(range(len(ensemble.base_score)))
    shapes = {tree.outputs for tree in ensemble.trees}
    if shapes != {everything} and any(len(shape) > 1 for shape in shapes):
        return False
    columns: set[Column] = set()
    for tree in ensemble.trees:
        for node in tree.nodes:
            if isinstance(node, Split):
                if bound(node.test) is None:
                    return False
                columns.add(_column(node))
    return len(columns) <= WIDEST


def bound(test: Test) -> float | None:
    """The largest number on the left side, or None where no double is that bound."""
    if isinstance(test, Membership):
        return 0.5
    is_whole = test.precision is DType.INT64
    last = cut_at(test.op, test.value, DType.INT64 if is_whole else DType.FLOAT64)
    # Larger integers would be rounded when they become doubles.
    if last is None or (is_whole and abs(last) >= LARGEST_INTEGER):
        return None
    return float(last)


def _column(split: Split) -> Column:
    test = split.test
    return split.feature, frozenset(test.categories) if isinstance(test, Membership) else None


@dataclass(frozen=True, slots=True)
class Lists:
    """One ensemble as lists; positions count from 1.

    Attributes:
        columns: for each column of the walk a split that reads it.
        values: for each place in a leaf's values one list over all nodes.
        roots: for each output the roots of the trees that are added to it.
    """

    columns: Mapping[Column, Split]
    features: Sequence[int]
    thresholds: Sequence[float]
    lefts: Sequence[int]
    missing: Sequence[int]
    values: Sequence[Sequence[float]]
    roots: Sequence[Sequence[int]]
    levels: int

    @property
    def is_shared(self) -> bool:
        """Whether every tree adds to every output, so that one walk answers them all."""
        return len(self.values) > 1


@dataclass(slots=True)
class _Filling:
    """Lists that grow tree by tree, and the columns met so far."""

    columns: dict[Column, Split] = field(default_factory=dict)
    places: dict[Column, int] = field(default_factory=dict)
    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    lefts: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    leaves: list[tuple[float, ...] | None] = field(default_factory=list)

    def add(self, tree: Tree) -> int:
        """Append a tree level by level, so that siblings are neighbours; return its root."""
        base, order, waiting = len(self.lefts) + 1, [0], 0
        while waiting < len(order):
            node = tree.nodes[order[waiting]]
            if isinstance(node, Split):
                self._append(node, base + len(order))
                order += (node.left, node.right)
            else:
                self._append(node, base + waiting)
            waiting += 1
        return base

    def _append(self, node: Node, left: int) -> None:
        self.lefts.append(left)
        if isinstance(node, Leaf):
            self.features.append(1)
            self.thresholds.append(math.inf)
            self.missing.append(0)
            self.leaves.append(node.values)
            return
        column = _column(node)
        self.columns.setdefault(column, node)
        self.features.append(self.places.setdefault(column, len(self.places) + 1))
        self.thresholds.append(_known_bound(node))
        self.missing.append(0 if node.default_left else 1)
        self.leaves.append(None)


def _known_bound(split: Split) -> float:
    found = bound(split.test)
    if found is None:
        raise TypeError(f"{split.test} has no bound")
    return found


def node_lists(ensemble: Ensemble) -> Lists:
    """The lists of an ensemble for which a walk pays."""
    filling = _Filling()
    roots: list[list[int]] = [[] for _ in ensemble.base_score]
    for tree in ensemble.trees:
        root = filling.add(tree)
        for output in tree.outputs:
            roots[output].append(root)
    width = max(len(tree.outputs) for tree in ensemble.trees)
    return Lists(
        columns=filling.columns,
        features=filling.features,
        thresholds=filling.thresholds,
        lefts=filling.lefts,
        missing=filling.missing,
        values=[
            [0.0 if leaf is None else leaf[place] for leaf in filling.leaves]
            for place in range(width)
        ],
        roots=roots,
        levels=max(depth(tree) for tree in ensemble.trees),
    )


@dataclass(frozen=True, slots=True)
class Walk:
    """Prints the walk of one ensemble; its lists are fields of NODES, with `number` behind."""

    dialect: Dialect
    ensemble: Ensemble
    lists: Lists
    number: int

    def fields(self) -> dict[str, tuple[Sequence[float], str]]:
        """Each list by the name of its field, with the type of its items."""
        lists, sums = self.lists, self.dialect.types[self.ensemble.accumulate]
        fields: dict[str, tuple[Sequence[float], str]] = {
            "f": (lists.features, "SMALLINT"),
            "t": (lists.thresholds, "DOUBLE"),
            "l": (lists.lefts, "INTEGER"),
            "d": (lists.missing, "TINYINT"),
        }
        fields |= {f"v{place}_": (values, sums) for place, values in enumerate(lists.values)}
        roots = lists.roots[:1] if lists.is_shared else lists.roots
        fields |= {f"r{output}_": (places, "INTEGER") for output, places in enumerate(roots)}
        return {f"{name}{self.number}": pair for name, pair in fields.items()}

    def total(self, subjects: Sequence[Subject], output: int) -> str:
        """The sum of one output, base score first, not yet divided."""
        return self._sum(self._leaves(subjects, 0 if self.lists.is_shared else output), output)

    def totals(self, subjects: Sequence[Subject]) -> tuple[str, list[str]]:
        """One walk for all outputs: its text, and each sum over what LEAVES names."""
        sums = [self._sum(LEAVES, output) for output in range(len(self.lists.roots))]
        return self._leaves(subjects, 0), sums

    def _list(self, name: str) -> str:
        return f"{NODES}.{name}{self.number}"

    def _sum(self, leaves: str, output: int) -> str:
        place = output if self.lists.is_shared else 0
        base = self.dialect.literal(self.ensemble.base_score[output], self.ensemble.accumulate)
        terms = f"list_transform({leaves}, lambda procgen_n: {self._list(f'v{place}_')}[procgen_n])"
        return f"list_reduce({terms}, {ADD}, {base})"

    def _leaves(self, subjects: Sequence[Subject], output: int) -> str:
        feature, threshold = (f"{self._list(name)}[procgen_n]" for name in "ft")
        right = f"(procgen_row[{feature}] > {threshold})::INTEGER"
        splits = self.lists.columns.values()
        if any(subjects[split.feature].may_be_missing for split in splits):
            right = f"coalesce({right}, {self._list('d')}[procgen_n])"
        text = self._list(f"r{output}_")
        for _ in range(self.lists.levels):
            step = f"{self._list('l')}[procgen_n] + {right}"
            text = f"list_transform({text}, lambda procgen_n:\n {step})"
        row = ",\n ".join(self._number(subjects[split.feature], split) for split in splits)
        return f"list_transform([[{row}]], lambda procgen_row:\n {text})[1]"

    def _number(self, subject: Subject, split: Split) -> str:
        """A column of the walk: NULL where the value is missing."""
        if isinstance(split.test, Membership):
            yes = conditions.passing(self.dialect, subject.text, subject.dtype, split.test)
            no = conditions.failing(self.dialect, subject.text, subject.dtype, split.test)
            return f"CASE WHEN {yes} THEN 0e0 WHEN {no} THEN 1e0 END"
        number = self.dialect.to_float[subject.dtype].format(subject.text)
        nan = self.dialect.literal(math.nan, DType.FLOAT64)
        return f"nullif({number}, {nan})" if subject.may_be_missing else number


def walks_of(program: Program, dialect: Dialect) -> dict[str, Walk]:
    """The ensembles that are walked, by their bindings; none where the engine plans CASE well."""
    walked = [
        (binding.name, binding.value)
        for binding in program.bindings
        if dialect.walks and isinstance(binding.value, Ensemble) and pays(binding.value)
    ]
    return {
        name: Walk(dialect, ensemble, node_lists(ensemble), number)
        for number, (name, ensemble) in enumerate(walked, start=1)
    }


def with_nodes(value: str, walks: Iterable[Walk]) -> str:
    """The value, in which NODES stands for the lists of every walk that it makes."""
    fields: dict[str, tuple[Sequence[float], str]] = {}
    for walk in walks:
        if f"{NODES}.l{walk.number}[" in value:
            fields |= walk.fields()
    if not fields:
        return value
    struct = ", ".join(f"'{name}': {name}::{kind}[]" for name, (_, kind) in fields.items())
    literals = ",\n ".join(_list_literal(values) for values, _ in fields.values())
    # The literals are columns of a table of one row: written in the struct itself they would be
    # constants, which DuckDB copies into every place that names them.
    table = f"(VALUES (\n {literals})) AS procgen_lists({', '.join(fields)})"
    return f"list_transform([(SELECT {{{struct}}} FROM {table})], lambda {NODES}:\n{value})[1]"


def _list_literal(values: Iterable[float]) -> str:
    return f"'[{','.join(map(repr, values))}]'"
