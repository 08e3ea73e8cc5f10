"""Rows from a user's file: they tell the types of columns, and join the parity cases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from procgen.errors import CorruptFileError, InputsError, ProcgenError
from procgen.ir.arrow_types import ARROW_TYPES
from procgen.ir.types import DType, Field, Scalar

Rows = list[dict[str, Scalar]]
ROWS = 1000
"""As many rows of a sample become parity cases; its types come from all of them."""


def read_inputs(path: Path) -> list[Any] | dict[str, Any]:
    """Read `--inputs`: a JSON list of column names, or an object of types by name.

    Raises:
        InputsError: the file holds something else.
        CorruptFileError: it is not JSON.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeError) as error:
        raise CorruptFileError(f"{path} is not JSON: {error}") from error
    if isinstance(found, list | dict):
        return found
    raise InputsError(
        f"{path} holds neither a list nor an object",
        hint='write ["age", "plan"] or {"age": "float64", "plan": "text"}',
    )


def read_sample(path: Path) -> pa.Table:
    """Read `--sample`, a Parquet or CSV file with a header line.

    Raises:
        CorruptFileError: the file is not what its name says.
        ProcgenError: its name ends in neither.
    """
    readers = {".parquet": parquet.read_table, ".csv": csv.read_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ProcgenError(f"{path} is no sample", hint="give a .parquet or a .csv file")
    path.stat()  # a missing file is named by the system, and shorter
    try:
        return reader(path)
    except (pa.ArrowException, UnicodeError) as error:
        reason = str(error).splitlines()[0]
        raise CorruptFileError(f"{path} cannot be read: {reason}") from error


def sample_table(sample: Any) -> pa.Table:
    """Rows as an Arrow table: one already, a pandas DataFrame, or the path of a file of them.

    Raises:
        InputsError: it is none of these.
    """
    match sample:
        case pa.Table():
            return sample
        case str() | Path():
            return read_sample(Path(sample))
        case _ if hasattr(sample, "to_arrow"):
            return sample.to_arrow()
        case _ if type(sample).__name__ == "DataFrame":
            return pa.Table.from_pandas(sample, preserve_index=False)
        case _:
            raise InputsError(
                f"a sample is not a {type(sample).__name__}",
                hint="give a DataFrame, an Arrow table, or the path of a .parquet or .csv file",
            )


def sample_types(table: pa.Table, names: Sequence[str]) -> dict[str, DType]:
    """The types of those of the columns that the sample has; other columns are not looked at.

    Raises:
        InputsError: a column has a type that no model input has, or is there twice.
    """
    found: dict[str, DType] = {}
    for field in table.schema:
        if field.name in found:
            raise InputsError(f"the sample has two columns named {field.name!r}")
        if field.name in names:
            found[field.name] = _dtype(field)
    return found


def _dtype(field: pa.Field) -> DType:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    # A column of a CSV without any value has the type null: nothing is known of it but that.
    tests = {
        DType.BOOL: pa.types.is_boolean,
        DType.INT64: pa.types.is_integer,
        DType.FLOAT32: pa.types.is_float32,
        DType.FLOAT64: lambda kind: pa.types.is_float64(kind) or pa.types.is_null(kind),
        DType.TEXT: lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
    }
    for dtype, test in tests.items():
        if test(kind):
            return dtype
    raise InputsError(
        f"the sample's column {field.name!r} is of type {field.type}, which no input can be",
        hint=f"the types are {', '.join(DType)}; convert the column before the model sees it",
    )


def sample_rows(table: pa.Table, fields: Sequence[Field]) -> Rows:
    """The first rows of the sample, as the model takes them.

    Raises:
        InputsError: the sample lacks an input, or holds a value that its type cannot.
    """
    columns = {field.name: _values(table, field) for field in fields}
    count = min(table.num_rows, ROWS)
    return [{name: column[row] for name, column in columns.items()} for row in range(count)]


def _values(table: pa.Table, field: Field) -> list[Scalar]:
    if field.name not in table.column_names:
        raise InputsError(
            f"the sample has no column {field.name!r}",
            hint=f"it has {', '.join(map(repr, table.column_names))}",
        )
    try:
        cast = table.column(field.name).slice(0, ROWS).cast(ARROW_TYPES[field.dtype])
    except pa.ArrowException as error:
        raise InputsError(
            f"the sample's column {field.name!r} does not hold {field.dtype}: {error}"
        ) from error
    values: list[Scalar] = cast.to_pylist()
    return values
