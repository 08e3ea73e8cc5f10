"""The table macro of a version: `FROM ml.churn_v3_rows('customers')`.

It gives the columns of the relation, then prediction, proba and margin. A relation that has a
column of such a name is refused by DuckDB: "Duplicate struct entry name". What computes a value is
the SELECT of select.py, over one column that holds the whole row of the relation; or, where each
tree is one CASE, the scalar macros.

Passes write each row again, so they are given a number in place of the relation's row: it is kept
once under that number, and joined to its scores in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from procgen.backends.duckdb_lowerings import Use, lowering_of, walked
from procgen.backends.lowering import Lowering
from procgen.backends.routines import SUFFIXES, RoutineWriter
from procgen.backends.row_order import row_order
from procgen.backends.select import TITLES, SelectWriter
from procgen.backends.stand_ins import stand_ins, with_stand_ins
from procgen.backends.walks import Walk
from procgen.ir.expressions import Reference
from procgen.ir.program import OutputName, Program
from procgen.ir.types import DType
from procgen.ir.walk import descend

PARAMETER = "procgen_table"
SUFFIX = "_rows"
ROW = "procgen_relation"


@dataclass(frozen=True, slots=True)
class RowsMacro:
    """The table macro as its template writes it.

    Attributes:
        passes: subqueries that are kept, each with its name.
        statement: over them.
        lowering: how the trees are written.
        walks: the ensembles whose nodes it reads.
        inputs: all inputs as one struct, in a macro of its own that refuses a column of another
            type as the scalar macros do; None where those are called.
    """

    passes: dict[str, str]
    statement: str
    lowering: Lowering
    walks: dict[str, Walk]
    inputs: str | None

    @classmethod
    def of(cls, writer: RoutineWriter) -> RowsMacro:
        """The table macro beside some routines."""
        lowering = lowering_of(writer.program, Use.ROWS, writer.lowering)
        if lowering is Lowering.EXPRESSION:
            return cls({}, _calling(writer), lowering, {}, None)
        if lowering is Lowering.PASSES:
            return _in_passes(writer)
        walks = walked(writer.program, writer.schema.dialect, Use.ROWS, writer.lowering)
        select = SelectWriter(
            writer.program,
            writer.schema.dialect,
            writer.typing,
            {name: _with_column(walk, writer) for name, walk in walks.items()},
            nodes=writer.schema.qualified("_nodes"),
        )
        whole = select.own_column("source")
        source = select.subquery(
            f"SELECT {ROW} AS {whole}, {_unnested(writer, ROW)}\n"
            f"FROM query_table({PARAMETER}) AS {ROW}"
        )
        scored = select.scored(select.with_numbers(source))
        statement = _adding(writer, whole, _scores(select), scored)
        return cls({}, statement, lowering, walks, _inputs(writer))


def _in_passes(writer: RoutineWriter) -> RowsMacro:
    """The rows with a number each, the passes over their inputs, and both joined."""
    dialect = writer.schema.dialect
    instead = stand_ins(writer.program, writer.typing)
    passes: dict[str, str] = {}
    order = row_order(writer.program)
    select = SelectWriter(
        writer.program, dialect, writer.typing, passes=passes, stand_ins=instead, order=order
    )
    rows, number, whole = map(select.own_column, ("kept", "number", "source"))
    passes[rows] = (
        f"SELECT row_number() OVER () AS {number}, {ROW} AS {whole}\n"
        f"FROM query_table({PARAMETER}) AS {ROW}"
    )
    source = select.subquery(f"SELECT {number}, {_unnested(writer, whole)}\nFROM {rows}")
    if instead:
        values = with_stand_ins(writer.columns(positional=False), instead, dialect)
        source = select.subquery(f"SELECT * REPLACE ({values})\nFROM {source}")
    scored = select.scored(select.ordered(source))
    joined = f"{rows} JOIN {scored} USING ({number})"
    statement = _adding(writer, whole, _scores(select), joined)
    return RowsMacro(passes, statement, Lowering.PASSES, {}, _inputs(writer))


def _unnested(writer: RoutineWriter, row: str) -> str:
    """All inputs as columns of the types that the model has."""
    return f"unnest({writer.schema.qualified('_inputs')}({_read(writer, row)}))"


def _read(writer: RoutineWriter, row: str) -> str:
    """The inputs as a row of the relation has them."""
    quote = writer.schema.dialect.identifier
    return ", ".join(f"{row}.{quote(field.name)}" for field in writer.program.inputs)


def _scores(select: SelectWriter) -> dict[OutputName, str]:
    return {name: select.own_column(name.value) for name in TITLES}


def _with_column(walk: Walk, writer: RoutineWriter) -> Walk:
    """The walk, with a column for its numbers unless other values must be computed first."""
    parts = (part for feature in walk.ensemble.features for part in descend(feature))
    if any(isinstance(part, Reference) for part in parts):
        return walk
    names = SelectWriter(writer.program, writer.schema.dialect, writer.typing)
    return replace(walk, row=names.own_column(f"numbers_{walk.number}"))


def rows_macro(schema: str, routine: str) -> str:
    """The identity of the table macro beside a version's routines, or a facade's."""
    return f"table macro {schema}.{routine}{SUFFIX}"


def score_columns(program: Program) -> dict[OutputName, str]:
    """The column of each output that a Program has: no input has that name, in any letter case."""
    taken = {field.name.casefold() for field in program.inputs}
    found = {}
    for name, title in TITLES.items():
        if program.output(name) is not None:
            while title in taken:
                title = f"model_{title}"  # noqa: PLW2901 - until it is free
            found[name] = title
    return found


def _adding(writer: RoutineWriter, row: str, scores: dict[OutputName, str], source: str) -> str:
    """A row and its scores, as columns of their own."""
    added = ",\n    ".join(
        f"{column} := {scores[name]}" for name, column in score_columns(writer.program).items()
    )
    return f"SELECT unnest(struct_insert({row},\n    {added}))\nFROM {source}"


def _calling(writer: RoutineWriter) -> str:
    """The scalar macros do the work, in a subquery: a call in the struct is made for each field."""
    names = {name: f"procgen_{name.value}" for name in TITLES}
    read = _read(writer, ROW)
    calls = ",\n    ".join(
        f"{writer.schema.qualified(SUFFIXES[output.name])}({read}) AS {names[output.name]}"
        for output in writer.program.outputs
    )
    source = f"SELECT {ROW}, {calls}\nFROM query_table({PARAMETER}) AS {ROW}"
    return _adding(writer, ROW, names, f"({source})")


def _inputs(writer: RoutineWriter) -> str:
    literal, quote = writer.schema.dialect.literal, writer.schema.dialect.identifier
    names = (field.name for field in writer.program.inputs)
    return ", ".join(f"{literal(name, DType.TEXT)}: {quote(name)}" for name in names)
