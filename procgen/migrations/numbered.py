"""The files of a new migration: numbered, headed, and entered in `procgen.sum`."""

from __future__ import annotations

from procgen.migrations.canonical import normalised
from procgen.migrations.folder import SUM_FILE, next_number
from procgen.migrations.header import Header, print_header
from procgen.migrations.migration import migration_id
from procgen.migrations.project import Project
from procgen.migrations.sums import folder_texts, print_sums, refuse_sum_problems
from procgen.migrations.writing import FileSet


def numbered_files(
    project: Project, engine: str, slug: str, header: Header, scripts: dict[str, str]
) -> FileSet:
    """The next migration of an engine, not yet written.

    Args:
        project: where.
        engine: in which folder.
        slug: its name without the number.
        header: what stands above its up script.
        scripts: the texts by part: `up`, `down`, perhaps `verify`.

    Raises:
        ProjectError: the folder is not in order.
    """
    folder = project.folder(engine)
    refuse_sum_problems(folder)
    stem = migration_id(next_number(project.migrations(engine)), slug)
    texts = dict(scripts, up=print_header(header) + scripts["up"])
    named = {f"{stem}.{part}.sql": normalised(text) for part, text in texts.items()}
    sums = print_sums(folder_texts(folder) | named).encode()
    files = tuple((folder / name, text.encode()) for name, text in named.items())
    return FileSet(new=files, replaced=((folder / SUM_FILE, sums),))
