"""`procgen promote` and `procgen retire`: they write migrations; no database is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.listing import say_written
from procgen.cli.options import AsJson, Folder
from procgen.cli.targets import Engine, check_engine, parse_version, refuse_nothing
from procgen.migrations.attached import columns_of_versions
from procgen.migrations.create import find_create_migration
from procgen.migrations.facades import facade_states
from procgen.migrations.header import ModelVersion
from procgen.migrations.layout import serving_files
from procgen.migrations.project import Project, load_project
from procgen.migrations.promotion import Promotion, promote_files
from procgen.migrations.retirement import retire_facade_files, retire_files
from procgen.migrations.writing import FileSet, joined, write_files, write_in_turn

PROMOTE_EXAMPLE = "Example: procgen promote churn v3"
RETIRE_EXAMPLE = "Example: procgen retire churn v1"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, as in ml.NAME_v3.")]
NewFacade = Annotated[
    str | None,
    typer.Option("--new-facade", metavar="NAME2", help="Another facade, for another signature."),
]
Overload = Annotated[
    bool, typer.Option("--overload", help="Keep the old call of the facade beside the new one.")
]
Shadow = Annotated[
    str | None,
    typer.Option("--shadow", metavar="VERSION", help="A version that scores beside the champion."),
]
Champion = Annotated[
    str | None,
    typer.Argument(metavar="[VERSION]", help="As in v3; it can be left out beside --shadow."),
]


def promote(  # noqa: PLR0913 - an option is a parameter
    *,
    name: Name,
    version: Champion = None,
    new_facade: NewFacade = None,
    overload: Overload = False,
    shadow: Shadow = None,
    target: Engine = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the migration that lets ml.NAME answer by a version. The database is not touched.

    The version must be called as the facade is; the down script moves the facade back. A shadow
    scores beside it: ml.NAME answers as before, and what is attached writes the rows of both.
    """
    check_engine(target)
    if shadow and (new_facade or overload):
        raise typer.BadParameter("--shadow goes with neither --new-facade nor --overload")
    if version is None and shadow is None:
        raise typer.BadParameter("name a version, as in: procgen promote churn v3")
    project = load_project(folder)
    steps: list[Callable[[], FileSet]] = []
    if version is not None:
        champion = Promotion(name, parse_version(version), new_facade, overload)
        steps.append(lambda: _champion_files(project, champion, target, is_beside=bool(shadow)))
    if shadow is not None:
        other = Promotion(name, parse_version(shadow), shadow=True)
        # procgen's own tables have to know the state of that name first.
        steps += (
            lambda: _for_each(project, other, target, serving_files),
            lambda: _for_each(project, other, target, partial(promote_files, wanted=other)),
        )
    _report(project, write_in_turn(steps), as_json=as_json)


def _champion_files(
    project: Project, wanted: Promotion, target: str | None, *, is_beside: bool
) -> FileSet:
    """The promotion; beside a shadow, only where the version does not answer already."""
    engines = _with_version(project, wanted.model, target)
    answering = {engine for engine in engines if is_beside and _answers(project, engine, wanted)}
    return joined(
        promote_files(project, engine, wanted) for engine in engines if engine not in answering
    )


def _for_each(
    project: Project,
    wanted: Promotion,
    target: str | None,
    make: Callable[[Project, str], FileSet],
) -> FileSet:
    return joined(make(project, engine) for engine in _with_version(project, wanted.model, target))


def _answers(project: Project, engine: str, wanted: Promotion) -> bool:
    state = facade_states(project.migrations(engine)).get(wanted.target)
    return state is not None and wanted.model in state.serves


def retire(
    *,
    name: Name,
    version: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="As in v1; without it, the facade NAME goes."),
    ] = None,
    target: Engine = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the migration that drops a version which answers no facade, or drops a facade.

    The down script brings it back as it was. The database is not touched.
    """
    check_engine(target)
    project = load_project(folder)
    if version is None:
        engines = _with_facade(project, name, target)
        joined_files = joined(retire_facade_files(project, engine, name) for engine in engines)
    else:
        model = ModelVersion(name, parse_version(version))
        engines = _with_version(project, model, target)
        joined_files = joined(retire_files(project, engine, model) for engine in engines)
    _report(project, write_files(joined_files), as_json=as_json)


def _with_version(project: Project, model: ModelVersion, target: str | None) -> list[str]:
    """The engines whose migrations create this version."""
    if target is not None:
        return [target]
    found = [
        engine
        for engine in project.engines
        if find_create_migration(project, engine, model.name, model.version)
    ]
    if not found:
        raise refuse_nothing(model.name, f"v{model.version}")
    return found


def _with_facade(project: Project, name: str, target: str | None) -> list[str]:
    if target is not None:
        return [target]
    found = [
        engine for engine in project.engines if name in facade_states(project.migrations(engine))
    ]
    return found or [project.engines[0]]


def _report(project: Project, written: tuple[Path, ...], *, as_json: bool) -> None:
    notes = dict.fromkeys(_kept_columns(project))
    say_written(written, project.root, as_json=as_json, notes=notes)


def _kept_columns(project: Project) -> Iterator[str]:
    """Generated columns whose version does not answer any more, and what to do about each."""
    for engine in project.engines:
        migrations = project.migrations(engine)
        states = facade_states(migrations)
        for version, one in columns_of_versions(migrations):
            if one.facade in states and version not in states[one.facade].serves:
                yield (
                    f"{one.source}.{one.name} keeps the answers of {version.name} "
                    f"v{version.version}: attach a column of the new version, then drop this one"
                )
