"""Reading `migrations/<engine>/`: every file has a place in one gapless order, or it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from procgen.errors import ProjectError
from procgen.migrations.canonical import canonical
from procgen.migrations.header import parse_header
from procgen.migrations.migration import Migration

ENGINES = ("duckdb", "postgres")
FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<slug>[A-Za-z0-9_]+)\.(?P<part>up|down|verify)\.sql")
SUM_FILE = "procgen.sum"

Stem = tuple[int, str]


def read_folder(folder: Path, engine: str) -> tuple[Migration, ...]:
    """Read one engine's migrations in order; a folder that is not there holds none.

    Raises:
        ProjectError: naming the file that has a bad name, a number that is missing or given
            twice, no up or down script, or a requirement that does not come before it.
    """
    scripts: dict[Stem, dict[str, str]] = {}
    for path in script_files(folder):
        number, slug, part = _parse_name(path)
        text = canonical(path.read_bytes(), str(path))
        scripts.setdefault((number, slug), {})[part] = text
    _check_numbers(sorted(scripts), folder)
    found = tuple(_migration(stem, scripts[stem], engine, folder) for stem in sorted(scripts))
    _check_requires(found, folder)
    return found


def script_files(folder: Path) -> list[Path]:
    """Everything in the folder but the sum file and hidden files, in the order of names."""
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.name != SUM_FILE and not path.name.startswith(".")
    )


def next_number(migrations: Sequence[Migration]) -> int:
    """The number that a new migration gets."""
    return migrations[-1].number + 1 if migrations else 1


def _parse_name(path: Path) -> tuple[int, str, str]:
    found = FILE_NAME.fullmatch(path.name)
    if found is None:
        raise ProjectError(
            f"{path} is not named like a migration",
            hint="migrations are named NNNN_name.up.sql, .down.sql or .verify.sql",
        )
    return int(found["number"]), found["slug"], found["part"]


def _check_numbers(stems: Iterable[Stem], folder: Path) -> None:
    expected = 1
    for number, group in groupby(stems, key=lambda stem: stem[0]):
        slugs = [slug for _, slug in group]
        if len(slugs) > 1:
            names = " and ".join(f"{number:04d}_{slug}" for slug in slugs)
            raise ProjectError(
                f"{folder} has two migrations numbered {number:04d}: {names}",
                hint="rename the one that is applied nowhere to the next free number",
            )
        if number != expected:
            raise ProjectError(
                f"{folder} has no migration {expected:04d}, but it has {number:04d}_{slugs[0]}",
                hint="restore the missing file, or rename the later ones that are applied nowhere",
            )
        expected += 1


def _migration(stem: Stem, parts: Mapping[str, str], engine: str, folder: Path) -> Migration:
    number, slug = stem
    for part in ("up", "down"):
        if part not in parts:
            raise ProjectError(
                f"{folder / f'{number:04d}_{slug}.{part}.sql'} does not exist",
                hint="each migration has an up and a down script",
            )
    source = str(folder / f"{number:04d}_{slug}.up.sql")
    header = parse_header(parts["up"], source)
    return Migration(number, slug, engine, header, parts["up"], parts["down"], parts.get("verify"))


def _check_requires(migrations: Sequence[Migration], folder: Path) -> None:
    known: set[str] = set()
    for migration in migrations:
        for required in migration.header.requires:
            if required not in known:
                raise ProjectError(
                    f"{folder / migration.id}.up.sql requires {required}, which is not before it",
                    hint="name a migration of the same folder with a lower number",
                )
        known.add(migration.id)


def find_migration(migrations: Sequence[Migration], wanted: str | int) -> Migration:
    """The migration that a number, `0003`, or a full name means.

    Raises:
        ProjectError: there is none, with the names that there are.
    """
    text = str(wanted)
    for migration in migrations:
        if text == migration.id or (text.isdigit() and int(text) == migration.number):
            return migration
    names = ", ".join(migration.id for migration in migrations) or "none"
    raise ProjectError(f"there is no migration {wanted}", hint=f"there are: {names}")
