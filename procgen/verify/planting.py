"""Cases as rows of a user's table, with keys that are free, or the reason why it takes none."""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.artifacts.attachment import Attachment, KeyColumn
from procgen.artifacts.tables import TableColumn
from procgen.artifacts.templates import render
from procgen.backends import dialect_named
from procgen.databases.database import Database
from procgen.databases.tables import read_table
from procgen.errors import ProcgenError
from procgen.ir.interpreter import Row, to_float32
from procgen.ir.types import DType, Field, Scalar
from procgen.verify.bits import same_bits

LARGEST = {
    "tinyint": 2**7,
    "utinyint": 2**8,
    "smallint": 2**15,
    "usmallint": 2**16,
    "integer": 2**31,
    "uinteger": 2**32,
    "bigint": 2**63,
    "ubigint": 2**64,
}
"""The first integer that a column does not hold."""
SINGLE = frozenset({"real", "float"})
TEXTS = frozenset({"text", "varchar", "character varying"})
LENGTH = re.compile(r"\((\d+)\)")
FAR = dt.date(4000, 1, 1)
"""Keys that are dates are taken from here on."""


class CannotBeAskedError(ProcgenError):
    """The table does not take cases; nothing is wrong with the scores for all that is known."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Cases as they go into a temporary table, and from there into the user's.

    Attributes:
        places: the numbers of the cases that the columns can hold.
        fields: the columns of the temporary table: `k0`, ... the key as text, `c0`, ... the inputs.
        rows: its rows.
        columns: the columns of the user's table, each with its type and where it comes from.
    """

    places: tuple[int, ...]
    fields: tuple[Field, ...]
    rows: tuple[Row, ...]
    columns: tuple[dict[str, str], ...]


def plant(
    database: Database, attachment: Attachment, inputs: Sequence[Field], rows: Sequence[Row]
) -> Planted:
    """Choose cases and keys; the database is only read.

    Raises:
        CannotBeAskedError: no case fits, or no key is free.
    """
    dialect = dialect_named(database.engine)
    shape = read_table(database, attachment.source)
    sources: dict[str, list[Field]] = {}
    for field, mapped in zip(inputs, attachment.inputs, strict=True):
        sources.setdefault(mapped.column, []).append(field)
    columns = {name: shape.column(name, dialect) for name in sources}
    _check_columns(database, attachment, columns)
    places = [place for place, row in enumerate(rows) if _fits(row, sources, columns)]
    if not places:
        raise CannotBeAskedError(f"{attachment.source} can hold none of the cases")
    if any(key.name in columns for key in attachment.key):
        raise CannotBeAskedError("a column of the key is an input too")
    free = [list(_free_keys(database, attachment, key, len(places))) for key in attachment.key]
    first = [fields[0] for fields in sources.values()]
    planted = tuple(
        _planted([values[position] for values in free], [rows[place][one.name] for one in first])
        for position, place in enumerate(places)
    )
    fields = [Field(f"k{n}", DType.TEXT) for n in range(len(free))]
    fields += [Field(f"c{n}", field.dtype) for n, field in enumerate(first)]
    made = [(key.name, key.type) for key in attachment.key]
    made += [(column.name, column.type) for column in columns.values()]
    named = tuple(
        {"name": dialect.identifier(name), "type": kind, "from": field.name}
        for (name, kind), field in zip(made, fields, strict=True)
    )
    return Planted(tuple(places), tuple(fields), planted, named)


def _planted(keys: Sequence[Scalar], values: Sequence[Scalar]) -> Row:
    row = {f"k{number}": key for number, key in enumerate(keys)}
    return row | {f"c{number}": value for number, value in enumerate(values)}


def _check_columns(
    database: Database, attachment: Attachment, columns: dict[str, TableColumn]
) -> None:
    """Refuse a table that computes its inputs, or that would use up numbers of a sequence."""
    for column in columns.values():
        if column.generated:
            raise CannotBeAskedError(f"the column {column.name!r} is generated")
    literal = dialect_named(database.engine).literal
    source = attachment.source
    values = {
        "schema": literal(source.schema, DType.TEXT),
        "table": literal(source.name, DType.TEXT),
    }
    given = {*columns, *(key.name for key in attachment.key)}
    # A sequence does not roll back.
    for (name,) in database.fetch(render(database.engine, "test_sequences", **values)):
        if name not in given:
            raise CannotBeAskedError(f"the column {name!r} takes its value from a sequence")


def _fits(row: Row, sources: dict[str, list[Field]], columns: dict[str, TableColumn]) -> bool:
    for name, fields in sources.items():
        values = [row[field.name] for field in fields]
        if not all(same_bits(value, values[0]) for value in values):
            return False
        if not holds(columns[name], values[0]):
            return False
    return True


def holds(column: TableColumn, value: Scalar) -> bool:
    """Whether a column gives back exactly this value."""
    base = column.base.lower()
    if value is None:
        return column.nullable
    if isinstance(value, str):
        longest = LENGTH.search(column.type)
        return longest is None or len(value) <= int(longest[1])
    if base in LARGEST and isinstance(value, int):
        return _lowest(base) <= value < LARGEST[base]
    number = float(value)
    if base in SINGLE:
        return same_bits(to_float32(number), number)
    if base not in LARGEST:
        return True
    if not math.isfinite(number) or number != math.floor(number):
        return False
    is_negative_zero = number == 0 and math.copysign(1, number) < 0
    return _lowest(base) <= int(number) < LARGEST[base] and not is_negative_zero


def _lowest(base: str) -> int:
    return 0 if base.startswith("u") else -LARGEST[base]


def _free_keys(
    database: Database, attachment: Attachment, key: KeyColumn, count: int
) -> Iterator[str]:
    """As many values as there are rows that no row of the table has, as texts."""
    dialect = dialect_named(database.engine)
    kind = key.type.lower()
    base = kind.partition("(")[0]
    values = {
        "source": attachment.source.quoted(dialect),
        "key": dialect.identifier(key.name),
    }
    if base in LARGEST:
        (largest,) = database.fetch(render(database.engine, "test_largest", **values))[0]
        used = max(largest or 0, 0)
        spare = LARGEST[base] - 1 - used - count
        if spare < 0:
            raise CannotBeAskedError(f"no integers are left for the key {key.name!r}")
        # Far from the numbers that others are about to insert: they would wait for the rollback.
        yield from (str(used + 1 + spare // 2 + place) for place in range(count))
    elif base == "uuid":
        yield from (str(uuid.uuid4()) for _ in range(count))
    elif base in TEXTS:
        prefix = uuid.uuid4().hex
        longest = LENGTH.search(kind)
        if longest and int(longest[1]) < len(f"{prefix}{count}"):
            raise CannotBeAskedError(f"the key {key.name!r} is too short: {key.type}")
        yield from (f"{prefix}{place}" for place in range(count))
    elif base.startswith(("date", "timestamp")):
        (later,) = database.fetch(render(database.engine, "test_largest_day", **values))[0]
        if later:
            raise CannotBeAskedError(f"the key {key.name!r} has days from {FAR} on")
        yield from (str(FAR + dt.timedelta(days=place)) for place in range(count))
    else:
        raise CannotBeAskedError(f"no {key.type} is known to be free for the key {key.name!r}")
