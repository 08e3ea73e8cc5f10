"""Asking every version that is in the database again: its verify script and its parity cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from procgen.databases.applied import read_applied
from procgen.databases.database import Database
from procgen.databases.history import read_model_certificates
from procgen.databases.report import Certificate, Gate
from procgen.errors import DatabaseError, ParityError
from procgen.migrations.facades import model_states
from procgen.migrations.header import Kind, ModelVersion
from procgen.migrations.migration import Migration
from procgen.migrations.project import Project

PROMISES = {"digest": "the model", "rows": "this many rows:"}
"""What must not change for as long as a version is there; an engine may be updated."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One migration asked again.

    Attributes:
        migration: which.
        certificate: what the parity gate answered now, for a version.
        recorded: what it had answered when the version was applied.
        failure: what is wrong, or None.
    """

    migration: Migration
    certificate: Certificate | None = None
    recorded: Certificate | None = None
    failure: str | None = None


def verify_applied(
    project: Project, database: Database, gate: Gate | None, name: str | None = None
) -> tuple[Verified, ...]:
    """Ask what is applied, each in a transaction that is rolled back.

    Args:
        project: the files.
        database: where.
        gate: asked about each version, as in an apply.
        name: only this model.
    """
    migrations = read_applied(project, database).migrations
    with database.rehearsal():
        recorded = read_model_certificates(database)
    states = model_states(migrations)
    return tuple(
        _verified(migration, database, gate, recorded.get(migration.id))
        for migration in migrations
        if (migration.verify is not None or migration.kind is Kind.CREATE)
        and _is_wanted(migration.header.model, states, name)
    )


def _is_wanted(
    version: ModelVersion | None, states: Mapping[ModelVersion, str], name: str | None
) -> bool:
    if version is None:
        return name is None
    return states.get(version) != "retired" and name in (None, version.name)


def _verified(
    migration: Migration, database: Database, gate: Gate | None, recorded: Certificate | None
) -> Verified:
    try:
        with database.rehearsal():
            if migration.verify is not None:
                database.run_script(migration.verify, source=migration.source("verify"))
            if gate is not None and migration.kind is Kind.CREATE:
                found = gate(migration, database)
                failure = _broken_promise(found or {}, recorded or {})
                return Verified(migration, found, recorded, failure)
    except (DatabaseError, ParityError) as error:
        return Verified(migration, recorded=recorded, failure=str(error))
    return Verified(migration)


def _broken_promise(found: Certificate, recorded: Certificate) -> str | None:
    """What the certificate of an apply says and that does not hold any more."""
    for name, what in PROMISES.items():
        if name in recorded and found.get(name) != recorded[name]:
            return f"the certificate is about {what} {recorded[name]}, and it is {found.get(name)}"
    before, now = _reached(recorded), _reached(found)
    if now < before:
        return f"the certificate says that {before} leaves are reached, and {now} are"
    return None


def _reached(certificate: Certificate) -> int:
    coverage = certificate.get("coverage")
    return int(coverage["reached"]) if isinstance(coverage, Mapping) else 0
