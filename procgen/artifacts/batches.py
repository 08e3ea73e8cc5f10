"""One SELECT that scores a relation by `ml.churn_v3_batch`, some thousand rows a call."""

from __future__ import annotations

from collections.abc import Sequence

from procgen.artifacts.artifact import Artifact, table_name
from procgen.artifacts.templates import render
from procgen.backends.languages import Language
from procgen.backends.routines import RoutineWriter, Schema
from procgen.backends.select import SelectWriter
from procgen.errors import InputsError
from procgen.ir.types import ListType
from procgen.ir.typing import Typing

CHUNK = 20_000
"""Rows a call: the arrays take some megabytes, and a call's own cost is spread thin."""
CHUNK_OF_LISTS = 1_000
"""The same where an output is a list: PostgreSQL finds a slice by walking the array up to it."""


def batch_select(
    artifact: Artifact, relation: str, *, key: str | Sequence[str], chunk: int | None = None
) -> str:
    """A SELECT of the keys and every output, for `INSERT INTO ... SELECT`.

    Args:
        artifact: compiled with `language="plpython"`, and applied.
        relation: a table or view, or a transition table, as it is written in SQL.
        key: the column or columns that are passed through.
        chunk: rows a call; many thousand, but fewer where an output is a list.

    Raises:
        InputsError: the version has no batch routine, or `relation` is not the name of a table.
    """
    if artifact.language is not Language.PLPYTHON:
        raise InputsError(
            f"{artifact.name} v{artifact.version} is SQL, which has no batch routine",
            hint='compile it with language="plpython", or use select()',
        )
    quote = artifact.dialect.identifier
    typing = Typing.of(artifact.lowered)
    own = SelectWriter(artifact.lowered, artifact.dialect, typing).own_column
    schema = Schema(artifact.dialect, artifact.schema, f"{artifact.name}_v{artifact.version}")
    writer = RoutineWriter(artifact.lowered, schema, typing)
    fields = [field.name for field in writer.fields()]
    row = f"ROW({', '.join(fields)})::{schema.qualified('_row')}"
    outputs = [
        (quote(output.name.value), isinstance(output.type, ListType))
        for output in artifact.lowered.outputs
    ]
    usual = CHUNK_OF_LISTS if any(is_list for _, is_list in outputs) else CHUNK
    keys = (key,) if isinstance(key, str) else tuple(key)
    return render(
        "postgres",
        "batch_select",
        relation=table_name(relation, artifact.dialect),
        routine=schema.qualified("_batch"),
        arguments=[row] if writer.takes_row else fields,
        keys=[(quote(name), own(f"key_{place}")) for place, name in enumerate(keys, start=1)],
        outputs=outputs,
        chunk=chunk or usual,
        number=own("chunk"),
    )
