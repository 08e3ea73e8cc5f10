"""`procgen promote` and `procgen retire`: they write migrations; no database is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from procgen.cli.console import say, say_json
from procgen.cli.listing import lines, names
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
from procgen.migrations.writing import joined, write_files

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
    wanted = (
        [] if version is None else [Promotion(name, parse_version(version), new_facade, overload)]
    )
    written: tuple[Path, ...] = ()
    for one in wanted:
        engines = _with_version(project, one.model, target)
        answering = [engine for engine in engines if shadow and _answers(project, engine, one)]
        engines = [engine for engine in engines if engine not in answering]
        written += write_files(joined(promote_files(project, engine, one) for engine in engines))
    if shadow is not None:
        written += _write_shadow(
            project, Promotion(name, parse_version(shadow), shadow=True), target
        )
    _report(project, written, as_json=as_json)


def _answers(project: Project, engine: str, wanted: Promotion) -> bool:
    state = facade_states(project.migrations(engine)).get(wanted.target)
    return state is not None and wanted.model in state.serves


def _write_shadow(project: Project, wanted: Promotion, target: str | None) -> tuple[Path, ...]:
    """The shadow, and before it procgen's own tables that know the state of that name."""
    engines = _with_version(project, wanted.model, target)
    for engine in engines:
        promote_files(project, engine, wanted)  # refuses before anything is written
    written = write_files(joined(serving_files(project, engine) for engine in engines))
    return written + write_files(
        joined(promote_files(project, engine, wanted) for engine in engines)
    )


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
    if as_json:
        say_json({"written": names(written, project.root)})
        return
    for line in lines(written, project.root):
        say(f"  wrote {line}")
    for note in dict.fromkeys(_kept_columns(project)):
        say(f"  {note}")
    say("Read the SQL, commit it, then: procgen apply")


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
