"""The driver: model -> Program -> lowered Program -> text -> Artifact, in one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from procgen.artifacts.artifact import Artifact, ArtifactWriter, check_version_name
from procgen.backends import dialect_named
from procgen.backends.choices import Choice, choices
from procgen.backends.languages import Language
from procgen.backends.lowering import Lowering
from procgen.backends.manner import Manner
from procgen.frontends import Source, read_model
from procgen.frontends.catboost_samples import learn_texts
from procgen.frontends.reading import input_names, require_fitted
from procgen.frontends.samples import sample_table, sample_types
from procgen.ir.codec import digest
from procgen.ir.policies import Policies
from procgen.ir.program import Program
from procgen.ir.stumps import in_any_order
from procgen.ir.trees import collector_paused
from procgen.ir.types import DType
from procgen.passes import lower

EVERYONE = ("PUBLIC",)
AS_THE_MODEL = Policies()


def compile_model(  # noqa: PLR0913 - keywords that users give one or two of
    model: Any,
    *,
    name: str,
    target: str,
    version: int = 1,
    inputs: Sequence[str] | Mapping[str, DType] | None = None,
    types: Mapping[str, DType] | None = None,
    sample: Any = None,
    schema: str = "ml",
    policies: Policies = AS_THE_MODEL,
    language: str = Language.SQL,
    lowering: str | None = None,
) -> Artifact:
    """Compile a fitted model for one database.

    Args:
        model: a fitted estimator or pipeline.
        name: what the routines are called: `name` "churn" and `version` 3 give `churn_v3`.
        target: "duckdb" or "postgres".
        version: counts from 1.
        inputs: the names of the columns, where the model does not know them; or names and types.
        types: types of some inputs, where they are not what the model's steps imply.
        sample: a DataFrame, an Arrow table or a .parquet or .csv file whose columns have the types
            of the inputs that `types` does not name.
        schema: where the routines live.
        policies: what becomes of missing and unseen values, where not what the model does.
        language: "sql", or "plpython" for PostgreSQL.
        lowering: how the trees are written, where not as the cost model says; see `Lowering`. With
            "steps" scores are within the bound of a sum, and not exact.

    Raises:
        ProcgenError: the model, its inputs, or their size cannot be compiled exactly.
    """
    if sample is not None:
        require_fitted(model)
        given = {**(inputs if isinstance(inputs, Mapping) else {}), **(types or {})}
        names = [name for name in input_names(model, inputs) if name not in given]
        table = sample_table(sample)
        types = {**sample_types(table, names), **(types or {})}
        learn_texts(model, table)
    source = read_model(model, inputs, types)
    return compile_source(
        source,
        name=name,
        target=target,
        version=version,
        schema=schema,
        policies=policies,
        language=language,
        lowering=lowering,
    )


def compile_source(  # noqa: PLR0913 - a project sets some, a user others
    source: Source,
    *,
    name: str,
    target: str,
    version: int = 1,
    schema: str = "ml",
    roles: Sequence[str] = EVERYONE,
    policies: Policies = AS_THE_MODEL,
    language: str = Language.SQL,
    lowering: str | None = None,
) -> Artifact:
    """Compile a model that has been read; see `compile_model`.

    `roles` may execute the routines, where the database has such a thing.
    """
    check_version_name(name, version)
    dialect = dialect_named(target)
    manner = Manner.named(language, lowering)
    manner.require_for((dialect.name,))
    program = policies.applied(in_manner(source, manner).program)
    with collector_paused():
        return ArtifactWriter(
            name=name,
            version=version,
            schema=schema,
            dialect=dialect,
            program=program,
            lowered=lower(program, dialect.target),
            digest=digest(program),
            roles=tuple(roles),
            language=manner.language or Language.SQL,
            forced=manner.lowering,
        ).write()


def in_manner(source: Source, manner: Manner) -> Source:
    """The model as a manner asks for it: with stumps in any order where they become steps.

    Raises:
        LimitError: they cannot.
    """
    if manner.lowering is not Lowering.STEPS:
        return source
    return replace(source, program=in_any_order(source.program), exact=False)


def lowering_choices(
    program: Program, target: str, lowering: Lowering | None = None
) -> tuple[Choice, ...]:
    """How trees are written for one database, what else they could be, and what either costs."""
    dialect = dialect_named(target)
    return choices(lower(program, dialect.target), dialect, lowering)
