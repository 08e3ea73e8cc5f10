"""A new project: settings, folders and procgen's own first migration for each engine."""

from __future__ import annotations

from pathlib import Path

from procgen.errors import ProjectError
from procgen.migrations.folder import ENGINES, SUM_FILE
from procgen.migrations.project import SETTINGS, load_project
from procgen.migrations.resources import check_schema, init_scripts
from procgen.migrations.sums import print_sums
from procgen.migrations.writing import FileSet, write_files

ATTRIBUTES = "migrations/** text eol=lf"
# A DuckDB file is a catalog of its name, and must not share it with the schemas procgen and ml.
SETTINGS_TEXT = """\
# A target is a named database; ${{NAME}} is the environment variable NAME.
target = "duckdb"
schema = "{schema}"
roles = []

[targets.duckdb]
url = "duckdb:///{schema}_models.duckdb"

[targets.postgres]
url = "${{PROCGEN_POSTGRES_URL}}"
engine = "postgres"
"""


def init_project(root: Path, *, schema: str = "ml") -> tuple[Path, ...]:
    """Make a project in `root` and return the paths that were written.

    Where a project is there already, nothing is written.

    Raises:
        ProjectError: the folder holds other content at a place that the project needs, or
            settings that cannot be read.
    """
    check_schema(schema)
    if (root / SETTINGS).exists():
        load_project(root)
        return ()
    _refuse_foreign(root)
    new = [(root / SETTINGS, SETTINGS_TEXT.format(schema=schema).encode())]
    if not _has_attributes(root / ".gitattributes"):
        new.append((root / ".gitattributes", f"{ATTRIBUTES}\n".encode()))
    new.append((root / "models" / ".gitkeep", b""))
    for engine in ENGINES:
        texts = init_scripts(engine, schema)
        folder = root / "migrations" / engine
        new += [(folder / name, text.encode()) for name, text in texts.items()]
        new.append((folder / SUM_FILE, print_sums(texts).encode()))
    return write_files(FileSet(tuple(new)))


def _refuse_foreign(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise ProjectError(f"{root} is a file", hint="name a folder")
    for name in ("migrations", "models"):
        for found in sorted((root / name).glob("*")):
            raise ProjectError(
                f"{found} is there already, but {root / SETTINGS} is not",
                hint="choose an empty folder: migrations/ and models/ must be procgen's own",
            )


def _has_attributes(path: Path) -> bool:
    if not path.exists():
        return False
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    if ATTRIBUTES.split() in lines:
        return True
    raise ProjectError(
        f"{path} lacks the line `{ATTRIBUTES}`",
        hint="add it, so that git does not change line ends, and run init again",
    )
