"""A user's project: `procgen.toml` and the folders beside it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from procgen.errors import ProjectError
from procgen.migrations.folder import ENGINES, read_folder
from procgen.migrations.migration import Migration
from procgen.migrations.resources import check_schema

SETTINGS = "procgen.toml"
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SCHEMES = {"duckdb": "duckdb", "postgresql": "postgres", "postgres": "postgres"}
T = TypeVar("T")
KNOWN = frozenset({"target", "schema", "roles", "targets"})


@dataclass(frozen=True, slots=True)
class Target:
    """A named database; `url` still holds its `${ENV}` variables."""

    name: str
    engine: str
    url: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder and settings.

    Attributes:
        root: the folder that holds procgen.toml.
        targets: the databases, in the order of the file.
        default: the name of the target that is meant where none is named.
        schema: the schema of the routines.
        roles: who may call them.
    """

    root: Path
    targets: tuple[Target, ...]
    default: str
    schema: str = "ml"
    roles: tuple[str, ...] = ()

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines of the targets, each once."""
        return tuple(dict.fromkeys(target.engine for target in self.targets))

    def target(self, name: str | None = None) -> Target:
        """The target of this name, or the default one.

        Raises:
            ProjectError: there is none, with the names that there are.
        """
        wanted = self.default if name is None else name
        for target in self.targets:
            if target.name == wanted:
                return target
        names = ", ".join(target.name for target in self.targets)
        raise ProjectError(f"{SETTINGS} has no target {wanted!r}", hint=f"it has: {names}")

    def url(self, name: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
        """The database URL of a target, with variables filled in and file paths made absolute.

        Raises:
            ProjectError: a variable that the URL needs is not set.
        """
        target = self.target(name)
        return _rooted(_expanded(target, environ), self.root)

    def folder(self, engine: str) -> Path:
        """Where the migrations of an engine stand."""
        return self.root / "migrations" / engine

    def migrations(self, engine: str) -> tuple[Migration, ...]:
        """The migrations of an engine; see `read_folder`."""
        return read_folder(self.folder(engine), engine)


def load_project(root: Path) -> Project:
    """Read the project whose folder is `root`.

    Raises:
        ProjectError: there is no project, or its settings cannot be read.
    """
    path = root / SETTINGS
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ProjectError(
            f"{path} does not exist",
            hint="run `procgen init`, or name the project's folder with -C",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProjectError(f"{path} cannot be read: {error}") from error
    return _project(root, settings, path)


def _project(root: Path, settings: Mapping[str, object], path: Path) -> Project:
    for key in settings.keys() - KNOWN:
        raise ProjectError(f"{path}: {key!r} is not a setting", hint=f"there are: {sorted(KNOWN)}")
    tables = _typed(settings, "targets", dict, path)
    targets = tuple(_target(name, table, path) for name, table in tables.items())
    if not targets:
        raise ProjectError(f"{path} names no target", hint="add [targets.duckdb] with a url")
    roles = _typed(settings, "roles", list, path, default=[])
    for role in roles:
        if not isinstance(role, str) or not role.strip() or not role.isprintable():
            raise ProjectError(f"{path}: {role!r} cannot be a role", hint="write its name as text")
    project = Project(
        root.absolute(),
        targets,
        _typed(settings, "target", str, path, default=targets[0].name),
        check_schema(_typed(settings, "schema", str, path, default="ml")),
        tuple(roles),
    )
    project.target()
    return project


def _typed(
    settings: Mapping[str, object], key: str, kind: type[T], path: Path, default: T | None = None
) -> T:
    found = settings.get(key, default)
    if not isinstance(found, kind):
        raise ProjectError(f"{path}: {key} must be a {kind.__name__}, not {found!r}")
    return found


def _target(name: str, table: object, path: Path) -> Target:
    if not isinstance(table, dict):
        raise ProjectError(f"{path}: targets.{name} must be a table with a url")
    url = _typed(table, "url", str, path)
    scheme = re.split(r"[:+]", url, maxsplit=1)[0]
    engine = table.get("engine", SCHEMES.get(scheme, name))
    if engine not in ENGINES:
        raise ProjectError(
            f"{path}: the engine of targets.{name} is not known",
            hint=f'add engine = "{ENGINES[0]}" or "{ENGINES[1]}"',
        )
    return Target(name, engine, url)


def _expanded(target: Target, environ: Mapping[str, str]) -> str:
    for variable in VARIABLE.findall(target.url):
        if variable not in environ:
            raise ProjectError(
                f"the URL of target {target.name} needs the variable {variable}, which is not set",
                hint=f"set {variable}, or name a database with --url",
            )
    return VARIABLE.sub(lambda found: environ[found[1]], target.url)


def _rooted(url: str, root: Path) -> str:
    scheme, separator, path = url.partition(":///")
    if scheme != "duckdb" or path.startswith((":memory:", "/")) or not path:
        return url
    return f"{scheme}{separator}{root / path}"
