"""What only a version on DuckDB has: a table of its nodes, and a table macro that scores rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procgen.backends.node_tables import NodeTable
from procgen.backends.routine import Routine
from procgen.backends.routines import RoutineWriter
from procgen.backends.rows import PARAMETER, RowsMacro, rows_macro

NODE_NOTES = (
    "The trees are a list of nodes in a table. A node tests column f of the row against t: its",
    "left child is node l, its right one the next; where the value is missing, d is added to l.",
    "A leaf is its own left child and has the value v; r holds the roots.",
)


@dataclass(frozen=True, slots=True)
class DuckDBParts:
    """These parts of one version.

    Attributes:
        schema: of the routines, as a plain name.
        base: the name of the version, such as `churn_v3`.
        table: the quoted name of the node table.
        nodes: the node table, if there is one.
        rows: the table macro, whose name is `rows_name` and whose parameter is `parameter`.
        inputs_name: of the macro that gives it its inputs.
    """

    schema: str
    base: str
    table: str
    nodes: NodeTable | None
    rows: RowsMacro
    rows_name: str
    inputs_name: str
    parameter: str = PARAMETER

    @classmethod
    def of(cls, writer: RoutineWriter) -> DuckDBParts | None:
        """The parts of a version, or None on another engine."""
        place = writer.schema
        if place.dialect.largest_inlined is not None:
            return None
        rows = RowsMacro.of(writer)
        walks = {**rows.walks, **writer.walks()}
        nodes = NodeTable.of(walks.values(), place.dialect)
        return cls(
            place.schema,
            place.name,
            place.qualified("_nodes"),
            nodes,
            rows,
            place.qualified("_rows"),
            place.qualified("_inputs"),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the script should know."""
        return NODE_NOTES if self.nodes else ()

    def objects(self, routines: Sequence[Routine]) -> tuple[str, ...]:
        """What the script creates, by kind and name."""
        table = [f"table {self.schema}.{self.base}_nodes"] if self.nodes else []
        return (
            *table,
            *(f"macro {self.schema}.{routine.name}" for routine in routines),
            *([f"macro {self.schema}.{self.base}_inputs"] if self.rows.inputs else []),
            rows_macro(self.schema, self.base),
        )
