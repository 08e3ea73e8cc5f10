"""Everything about a folder of migrations that can be wrong without a database to ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from procgen.errors import ProcgenError
from procgen.migrations.facades import facade_states
from procgen.migrations.folder import SUM_FILE, script_files
from procgen.migrations.header import Kind, body_hashes
from procgen.migrations.migration import Migration
from procgen.migrations.models import read_model
from procgen.migrations.project import Project
from procgen.migrations.sums import folder_texts, print_sums, sum_problems
from procgen.migrations.writing import FileSet, write_files


def folder_problems(project: Project, engine: str) -> tuple[str, ...]:
    """Each thing that is wrong with the migrations of an engine, named."""
    folder = project.folder(engine)
    found = [*_doubles(folder), *_sums(folder)]
    try:
        migrations = project.migrations(engine)
    except ProcgenError as error:
        return (*found, *([str(error)] if error.message not in "; ".join(found) else []))
    for migration in migrations:
        found += _migration_problems(project, migration)
    found += _facade_problems(migrations)
    return tuple(found)


def write_sums(project: Project, engine: str) -> tuple[Path, ...]:
    """Enter every script as it is now into `procgen.sum`; the path, if it changed.

    What is applied is still guarded: history has the hashes.
    """
    folder = project.folder(engine)
    text = print_sums(folder_texts(folder)).encode()
    return write_files(FileSet(replaced=((folder / SUM_FILE, text),)))


def _doubles(folder: Path) -> Iterator[str]:
    stems = sorted({path.name.partition(".")[0] for path in script_files(folder)})
    for number, group in groupby(stems, key=lambda stem: stem[:4]):
        names = list(group)
        if len(names) > 1:
            yield f"{folder} has several migrations numbered {number}: {' and '.join(names)}"


def _sums(folder: Path) -> Iterator[str]:
    try:
        yield from sum_problems(folder)
    except ProcgenError as error:
        yield str(error)


def _migration_problems(project: Project, migration: Migration) -> Iterator[str]:
    header = migration.header
    source = migration.source("up")
    if header.body_sha256 and header.body_sha256 != body_hashes(migration.up):
        yield f"{source}: a body between $procgen$ marks is not what its header says"
    for name in header.objects:
        word = name.partition("(")[0].rpartition(".")[2].strip('"')
        made = rf"^\s*CREATE\b.*(?<!\w){re.escape(word)}(?!\w)"
        if not re.search(made, migration.up, re.IGNORECASE | re.MULTILINE):
            yield f"{source}: the header names {name}, which the script does not make"
    if migration.kind is Kind.CREATE:
        yield from _model_problems(project, migration)


def _model_problems(project: Project, migration: Migration) -> Iterator[str]:
    version = migration.header.model
    if version is None:
        yield f"{migration.source('up')} does not say which model it creates"
        return
    try:
        record, _ = read_model(project, version)
    except ProcgenError as error:
        yield str(error)
        return
    if record.digest != migration.header.model_sha256:
        yield (
            f"{migration.source('up')} and the file of {version.name} v{version.version} in "
            "models/ are about different models"
        )


def _facade_problems(migrations: tuple[Migration, ...]) -> Iterator[str]:
    """A promotion was written when another version answered: merged branches can do that."""
    for place, migration in enumerate(migrations):
        header = migration.header
        if migration.kind is not Kind.PROMOTE or header.facade is None:
            continue
        state = facade_states(migrations[:place]).get(header.facade)
        serves = () if state is None else state.serves
        if header.replaces is not None and header.replaces not in serves:
            yield (
                f"{migration.source('up')} takes {header.facade} from {header.replaces}, "
                "which does not answer it then; its down script would go back to that"
            )
