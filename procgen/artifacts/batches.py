"""One SELECT that scores a relation by `ml.churn_v3_batch`, some thousand rows a call."""

from __future__ import annotations

from collections.abc import Sequence

from procgen.artifacts.artifact import Artifact, table_name
from procgen.artifacts.batch_calls import CHUNK, BatchCall
from procgen.artifacts.templates import render
from procgen.backends.languages import Language
from procgen.backends.routines import Schema
from procgen.backends.select import TITLES
from procgen.errors import InputsError


def batch_select(
    artifact: Artifact,
    relation: str,
    *,
    key: str | Sequence[str],
    outputs: Sequence[str] | None = None,
    chunk: int = CHUNK,
) -> str:
    """A SELECT of the keys and scores, for `INSERT INTO ... SELECT`.

    Args:
        artifact: compiled with `language="plpython"`, and applied.
        relation: a table or view, or a transition table, as it is written in SQL.
        key: the column or columns that are passed through.
        outputs: some of `predict`, `proba` and `margin`; all that there are without it.
        chunk: rows a call.

    Raises:
        InputsError: the version has no batch routine, or `relation` is not the name of a table.
    """
    if artifact.language is not Language.PLPYTHON:
        raise InputsError(
            f"{artifact.name} v{artifact.version} is SQL, which has no batch routine",
            hint='compile it with language="plpython", or use select()',
        )
    quote, program = artifact.dialect.identifier, artifact.lowered
    wanted = [name for name in TITLES if program.output(name) is not None]
    if outputs is not None:
        wanted = [name for name in wanted if name in outputs]
    schema = Schema(artifact.dialect, artifact.schema, f"{artifact.name}_v{artifact.version}")
    keys = (key,) if isinstance(key, str) else tuple(key)
    columns = {own.name: quote(own.name) for own in program.inputs}
    return render(
        "postgres",
        "batch_select",
        relation=table_name(relation, artifact.dialect),
        batch=BatchCall(program, schema).values(columns, wanted) | {"chunk": chunk},
        keys=[quote(name) for name in keys],
        titles=[name.value for name in wanted],
    )
