"""The driver: model -> Program -> lowered Program -> text -> Artifact, in one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from procgen.artifacts.artifact import Artifact, ArtifactWriter, check_version_name
from procgen.backends import dialect_named
from procgen.frontends import Source, read_model
from procgen.ir.codec import digest
from procgen.ir.trees import collector_paused
from procgen.ir.types import DType
from procgen.passes import lower

EVERYONE = ("PUBLIC",)


def compile_model(
    model: Any,
    *,
    name: str,
    target: str,
    version: int = 1,
    inputs: Sequence[str] | Mapping[str, DType] | None = None,
    types: Mapping[str, DType] | None = None,
    schema: str = "ml",
) -> Artifact:
    """Compile a fitted model for one database.

    Args:
        model: a fitted estimator or pipeline.
        name: what the routines are called: `name` "churn" and `version` 3 give `churn_v3`.
        target: "duckdb" or "postgres".
        version: counts from 1.
        inputs: the names of the columns, where the model does not know them; or names and types.
        types: types of the inputs where they are not what the model's steps imply.
        schema: where the routines live.

    Raises:
        ProcgenError: the model, its inputs, or their size cannot be compiled exactly.
    """
    source = read_model(model, inputs, types)
    return compile_source(source, name=name, target=target, version=version, schema=schema)


def compile_source(
    source: Source,
    *,
    name: str,
    target: str,
    version: int = 1,
    schema: str = "ml",
    roles: Sequence[str] = EVERYONE,
) -> Artifact:
    """Compile a model that has been read; see `compile_model`.

    `roles` may execute the routines, where the database has such a thing.
    """
    check_version_name(name, version)
    dialect = dialect_named(target)
    with collector_paused():
        return ArtifactWriter(
            name=name,
            version=version,
            schema=schema,
            dialect=dialect,
            program=source.program,
            lowered=lower(source.program, dialect.target),
            digest=digest(source.program),
            roles=tuple(roles),
        ).write()
