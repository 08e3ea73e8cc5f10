"""Parity cases as Parquet: rows, and what Python answered to each, kept to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from procgen.errors import CorruptFileError
from procgen.ir.arrow_types import ARROW_TYPES
from procgen.ir.interpreter import Row, Value
from procgen.ir.program import OutputName, Program
from procgen.ir.types import ListType, Scalar, Type

INPUTS = "inputs"
OUTPUTS = "outputs"
NOTE = "procgen"


@dataclass(frozen=True, slots=True)
class Cases:
    """Rows, and for each output one answer a row; None where Python refuses the row.

    `note` is a text that goes with them in their file (measured.py).
    """

    rows: Sequence[Row]
    answers: Mapping[OutputName, Sequence[Value]]
    note: str | None = None


def print_cases(program: Program, cases: Cases) -> bytes:
    """The content of a `.cases.parquet`; equal cases give equal bytes.

    Inputs and outputs are one struct column each, so that no input can be named like an output.
    """
    rows = [{field.name: row[field.name] for field in program.inputs} for row in cases.rows]
    inputs = _struct({field.name: field.dtype for field in program.inputs})
    outputs = _struct({output.name: output.type for output in program.outputs})
    names = [output.name for output in program.outputs]
    answers = zip(*(cases.answers[name] for name in names), strict=True)
    scores = [dict(zip(names, values, strict=True)) for values in answers]
    table = pa.table({INPUTS: pa.array(rows, inputs), OUTPUTS: pa.array(scores, outputs)})
    if cases.note is not None:
        table = table.replace_schema_metadata({NOTE: cases.note})
    content = BytesIO()
    parquet.write_table(table, content, compression="zstd", write_statistics=False)
    return content.getvalue()


def parse_cases(program: Program, content: bytes, source: str) -> Cases:
    """Read cases back.

    Raises:
        CorruptFileError: naming `source`: it holds no cases, or those of another model.
    """
    try:
        table = parquet.read_table(BytesIO(content))
        inputs = table.column(INPUTS).to_pylist()
        scores = table.column(OUTPUTS).to_pylist()
        answers = {
            output.name: [_value(output.type, row[output.name]) for row in scores]
            for output in program.outputs
        }
        rows = [{field.name: row[field.name] for field in program.inputs} for row in inputs]
    except (pa.ArrowException, KeyError, TypeError) as error:
        raise CorruptFileError(
            f"{source} does not hold this model's cases: {error!r}", hint="restore it from git"
        ) from error
    note = (table.schema.metadata or {}).get(NOTE.encode())
    return Cases(rows, answers, None if note is None else note.decode("utf-8", "replace"))


def _struct(types: Mapping[str, Type]) -> pa.StructType:
    return pa.struct([pa.field(str(name), _arrow(kind)) for name, kind in types.items()])


def _arrow(kind: Type) -> pa.DataType:
    if isinstance(kind, ListType):
        return pa.list_(ARROW_TYPES[kind.item])
    return ARROW_TYPES[kind]


def _value(kind: Type, value: Any) -> Value:
    answer: Scalar | tuple[Scalar, ...] = value
    if isinstance(kind, ListType) and value is not None:
        answer = tuple(value)
    return answer
