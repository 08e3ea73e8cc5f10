"""A table's columns from a file, for those who write migrations away from the database."""

from __future__ import annotations

import json
from pathlib import Path

from procgen.artifacts.tables import TableColumn, TableName, TableShape
from procgen.errors import CorruptFileError


def read_shape(path: Path, name: TableName) -> TableShape:
    """Read `{"columns": [{"name", "type", "nullable"}], "keys": [["id"]]}`.

    Raises:
        CorruptFileError: the file is not like that.
    """
    try:
        content = json.loads(path.read_bytes())
        columns = tuple(_column(one) for one in content["columns"])
        keys = tuple(frozenset(map(str, key)) for key in content["keys"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFileError(
            f"{path} does not describe a table: {error!r}",
            hint='write {"columns": [{"name": "id", "type": "integer", "nullable": false}], '
            '"keys": [["id"]]}',
        ) from error
    return TableShape(name, columns, keys)


def _column(one: dict[str, object]) -> TableColumn:
    kind = str(one["type"])
    base = kind.partition("(")[0] if kind.endswith(")") else kind
    return TableColumn(str(one["name"]), kind, base, bool(one.get("nullable", True)))
