"""A table of the user's as an attachment needs to know it: columns, their types, unique keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from procgen.backends.dialect import Dialect
from procgen.errors import InputsError


@dataclass(frozen=True, slots=True)
class TableName:
    """A table by its schema and its name, not quoted."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    def quoted(self, dialect: Dialect) -> str:
        """The name as SQL writes it."""
        return f"{dialect.identifier(self.schema)}.{dialect.identifier(self.name)}"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column.

    Attributes:
        name: not quoted.
        type: as the engine prints it, with its length or precision.
        base: the type without them, and of a domain the type below it.
        nullable: whether it may hold NULL.
        generated: whether the engine computes it from other columns.
    """

    name: str
    type: str
    base: str
    nullable: bool = True
    generated: bool = False


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table's columns in their order, and the sets of columns that are unique."""

    name: TableName
    columns: tuple[TableColumn, ...]
    keys: tuple[frozenset[str], ...] = ()

    def column(self, name: str, dialect: Dialect) -> TableColumn:
        """The column of this name, in any letter case where the engine ignores case.

        Raises:
            InputsError: there is none, with the names that there are.
        """
        for column in self.columns:
            if _is_same(column.name, name, dialect):
                return column
        raise InputsError(
            f"the table {self.name} has no column {name!r}",
            hint=f"it has: {', '.join(one.name for one in self.columns)}; name another with --map",
        )

    def check_key(self, names: Iterable[str], dialect: Dialect) -> tuple[TableColumn, ...]:
        """The key's columns.

        Raises:
            InputsError: a column is missing, may be NULL, or cannot be compared exactly, or the
                columns are not unique.
        """
        found = tuple(self.column(name, dialect) for name in names)
        for column in found:
            if column.nullable:
                raise InputsError(
                    f"the key {column.name!r} of {self.name} may be NULL",
                    hint=f"make it NOT NULL: ALTER TABLE {self.name.quoted(dialect)} "
                    f"ALTER COLUMN {dialect.identifier(column.name)} SET NOT NULL",
                )
            if column.base not in dialect.keys:
                raise InputsError(
                    f"the key {column.name!r} of {self.name} is {column.type}",
                    hint=f"a key is one of: {', '.join(sorted(dialect.keys))}",
                )
        if not any(key <= {column.name for column in found} for key in self.keys):
            raise InputsError(
                f"{self.name} has no unique key over {', '.join(one.name for one in found)}",
                hint="name its primary key, or add a UNIQUE constraint that is checked at once",
            )
        return found


def parse_table_name(text: str, dialect: Dialect) -> TableName:
    """Read `schema.table`, quoted where SQL needs it; without a schema it is the default one.

    Raises:
        InputsError: it is not the name of a table.
    """
    try:
        table = sqlglot.parse_one(text, into=exp.Table, read=dialect.name)
    except sqlglot.errors.SqlglotError as error:
        raise InputsError(f"{text!r} is not the name of a table") from error
    parts = [part for part in (table.args.get("db"), table.this) if part]
    if (
        not all(isinstance(part, exp.Identifier) for part in parts)
        or table.args.get("catalog")
        or table.alias
    ):
        raise InputsError(f"{text!r} is not the name of a table", hint="write it as schema.table")
    names = [_folded(part, dialect) for part in parts]
    return TableName(*names) if len(names) == 2 else TableName(dialect.default_schema, names[0])


def _folded(part: exp.Identifier, dialect: Dialect) -> str:
    name = str(part.this)
    return name if part.quoted or dialect.folds_case else name.lower()


def _is_same(one: str, other: str, dialect: Dialect) -> bool:
    return one == other or (dialect.folds_case and one.casefold() == other.casefold())
