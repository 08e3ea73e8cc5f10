"""The table of one row that holds a version's lists of nodes, and refuses any others.

A macro that reads it is planned in milliseconds, whatever the size of the forest. Each list has a
CHECK on its digest, over the bits of its numbers: an UPDATE fails, and a table with other numbers
has another definition, which `procgen drift` finds.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from procgen.backends.dialect import Dialect
from procgen.backends.walks import NodeColumn, Walk, literal_lists
from procgen.ir.types import DType

FORMATS = {"DOUBLE": ">d", "FLOAT": ">f"}


@dataclass(frozen=True, slots=True)
class NodeTable:
    """The table as its template writes it.

    Attributes:
        columns: each as it is declared.
        values: what each is filled with.
        source: where from.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    source: str

    @classmethod
    def of(cls, walks: Iterable[Walk], dialect: Dialect) -> NodeTable | None:
        """The table of some walks, if there are any."""
        columns: dict[str, NodeColumn] = {}
        for walk in walks:
            columns |= walk.columns()
        if not columns:
            return None
        return cls(
            tuple(_declared(name, column, dialect) for name, column in columns.items()),
            tuple(column.value for column in columns.values()),
            literal_lists(columns.values()),
        )


def _declared(name: str, column: NodeColumn, dialect: Dialect) -> str:
    """A column that holds these very numbers; -0.0 is another number than 0.0."""
    bits = column.type
    for kind in FORMATS:
        bits = bits.replace(kind, "BIT")
    digest = dialect.literal(hashlib.sha256(_text(column).encode()).hexdigest(), DType.TEXT)
    return (
        f"{name} {column.type} NOT NULL CHECK (\n"
        f"        sha256(CAST(CAST({name} AS {bits}) AS VARCHAR)) = {digest})"
    )


def _text(column: NodeColumn) -> str:
    """The column as DuckDB prints it once its floating-point numbers are bits."""
    parts = [_printed(values, kind) for values, kind in column.lists.values()]
    if not column.type.startswith("STRUCT"):
        return f"[{', '.join(parts[0])}]"
    # The names of the lists are those of the fields, with the number of the walk behind.
    names = [name[0] for name in column.lists]
    items = (
        ", ".join(f"'{name}': {part}" for name, part in zip(names, node, strict=True))
        for node in zip(*parts, strict=True)
    )
    return f"[{', '.join(f'{{{item}}}' for item in items)}]"


def _printed(values: Sequence[float], kind: str) -> list[str]:
    form = FORMATS.get(kind)
    if form is None:
        return list(map(str, values))
    width = struct.calcsize(form) * 8
    return [f"{int.from_bytes(struct.pack(form, value), 'big'):0{width}b}" for value in values]
