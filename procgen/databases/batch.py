"""`procgen apply` as one script, for administrators who let no tool into their database.

It holds the scripts, the history rows with the fingerprints that the server itself computes, and
the registry's rows; what it leaves is what an apply leaves, but for the certificates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from procgen.artifacts.templates import render
from procgen.backends import dialect_named
from procgen.databases.records import model_of
from procgen.errors import ProjectError
from procgen.ir.types import DType
from procgen.migrations.canonical import sha256
from procgen.migrations.checkout import git_commit
from procgen.migrations.folder import find_migration
from procgen.migrations.migration import Migration
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.migrations.sums import refuse_sum_problems

RESET = """\
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;
SET LOCAL search_path = ''; SET LOCAL extra_float_digits = 1; SET LOCAL lock_timeout = '30s'"""


def batch_script(
    project: Project, engine: str, *, after: str | None = None, to: str | None = None
) -> str:
    """The script for the migrations after one of them, up to another.

    Args:
        project: the files.
        engine: whose.
        after: the last migration that the database has; none of them without it.
        to: the last migration to apply; all of them without it.

    Raises:
        ProjectError: the files are not in order, or the range holds no migration.
    """
    migrations = project.migrations(engine)
    refuse_sum_problems(project.folder(engine))
    last = migrations[-1].number if to is None else find_migration(migrations, to).number
    first = 0 if after is None else find_migration(migrations, after).number
    wanted = [one for one in migrations if first < one.number <= last]
    if not wanted:
        raise ProjectError("there is no migration in this range", hint="look at --from and --to")
    return _script(project, engine, wanted, migrations[first - 1] if first else None)


def _script(
    project: Project, engine: str, wanted: Sequence[Migration], before: Migration | None
) -> str:
    commit = git_commit(project.root)
    schemas = dialect_named(engine).list_of.format(_text(engine, project.schema))
    return render(
        engine,
        "batch",
        title=f"Applies {wanted[0].id} to {wanted[-1].id}.",
        reset=RESET,
        names=[_text(engine, one.id) for one in wanted],
        before=None if before is None else _text(engine, before.id),
        objects=render(engine, "objects", schemas=schemas).strip(),
        tool=_text(engine, TOOL),
        commit=_text(engine, commit),
        migrations=[_entry(project, engine, one) for one in wanted],
    )


def _entry(project: Project, engine: str, migration: Migration) -> dict[str, object]:
    model = model_of(project, migration)
    values: list[str] = []
    if model is not None:
        values = [_text(engine, model.name), str(model.version), _text(engine, model.digest)]
    documents = [] if model is None else [model.classes, model.inputs, model.provenance]
    return {
        "id": migration.id,
        "name": _text(engine, migration.id),
        "kind": _text(engine, migration.kind.value),
        "up": migration.up,
        "verify": migration.verify,
        "quoted": {
            part: _quoted(text)
            for part, text in (("up", migration.up), ("verify", migration.verify or ""))
        },
        "down": _text(engine, migration.down),
        "up_sha256": _text(engine, migration.up_sha256),
        "down_sha256": _text(engine, migration.down_sha256),
        "verify_sha256": _text(engine, migration.verify_sha256),
        "model": values,
        "documents": [_json(engine, part) for part in documents],
    }


def _quoted(text: str) -> str:
    """A script inside the script, for a server to run, so that it cannot commit."""
    mark = f"$procgen_{sha256(text)[:8]}$"
    if mark in text:
        raise ProjectError(f"a script holds the mark {mark}", hint="remove it")
    return f"{mark}{text}{mark}"


def _text(engine: str, value: str | None) -> str:
    return dialect_named(engine).literal(value, DType.TEXT)


def _json(engine: str, value: object) -> str:
    text = None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _text(engine, text)
