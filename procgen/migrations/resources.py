"""procgen's own migrations: inside the package in a wheel, beside it in a checkout."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable

from procgen.errors import ProjectError
from procgen.migrations.canonical import canonical


def _tool() -> str:
    try:
        return f"procgen {version('procgen')}"
    except PackageNotFoundError:  # a checkout that is on the path but not installed
        return "procgen"


TOOL = _tool()
"""What files and history name as their maker."""
PARTS = ("up", "down")
SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
RESERVED = frozenset({"procgen", "public", "main", "temp", "system", "information_schema"})


def own_migrations() -> Traversable:
    """The folder that holds `<engine>/0001_init.*` and later layouts."""
    package = files("procgen")
    installed = package / "_migrations"
    # A checkout has no `_migrations`: the wheel is made from the folder beside the package.
    return installed if installed.is_dir() else package / ".." / "migrations"


def init_scripts(engine: str, schema: str) -> dict[str, str]:
    """The canonical texts of `0001_init` by file name, for the schema that holds the routines."""
    check_schema(schema)
    texts = _own_scripts(engine, "0001_init")
    return {f"0001_init.{part}.sql": _in_schema(text, schema) for part, text in texts.items()}


def serving_scripts(engine: str) -> dict[str, str]:
    """The canonical texts of `0002_serving` by part: jobs, failures and the state `shadow`."""
    return _own_scripts(engine, "0002_serving")


def _own_scripts(engine: str, stem: str) -> dict[str, str]:
    folder = own_migrations() / engine
    names = {part: f"{stem}.{part}.sql" for part in PARTS}
    return {part: canonical((folder / name).read_bytes(), name) for part, name in names.items()}


def _in_schema(text: str, schema: str) -> str:
    return text.replace('"ml"', f'"{schema}"').replace("'ml'", f"'{schema}'")


def check_schema(schema: str) -> str:
    """Return a name that needs no quotes in any database.

    Raises:
        ProjectError: it needs quotes, or it belongs to procgen or to the database.
    """
    if not SCHEMA.fullmatch(schema) or schema in RESERVED or schema.startswith("pg_"):
        raise ProjectError(
            f"the schema {schema!r} cannot hold routines",
            hint="use a new name of small letters, digits and underscores, such as ml",
        )
    return schema
