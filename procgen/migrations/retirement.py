"""Retiring: a version that answers nothing goes, and its down script is its whole create script."""

from __future__ import annotations

from procgen.artifacts.facade import Facade, Move
from procgen.artifacts.retired import retired_script
from procgen.backends import dialect_named
from procgen.errors import ProjectError
from procgen.migrations.attached import attachments, moved_script
from procgen.migrations.create import find_create_migration
from procgen.migrations.facades import facade_states, model_states
from procgen.migrations.header import Header, Kind, ModelVersion
from procgen.migrations.migration import Migration
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.promotion import served, state_changes
from procgen.migrations.resources import TOOL
from procgen.migrations.writing import FileSet


def retire_files(project: Project, engine: str, version: ModelVersion) -> FileSet:
    """The files that drop a version, not yet written.

    Raises:
        ProjectError: there is no such version, it is retired already, or a facade calls it.
    """
    label = f"{version.name} v{version.version}"
    migrations = project.migrations(engine)
    created = find_create_migration(project, engine, version.name, version.version)
    if created is None:
        raise ProjectError(f"migrations/{engine} creates no {label}")
    if model_states(migrations).get(version) == "retired":
        raise ProjectError(f"{label} is retired already")
    for facade in facade_states(migrations).values():
        if version in facade.serves:
            raise ProjectError(
                f"{label} answers the facade {project.schema}.{facade.name}",
                hint=f"promote another version first; {facade.last} made it so",
            )
    header = Header(
        kind=Kind.RETIRE,
        requires=(created.id,),
        model=version,
        model_sha256=created.header.model_sha256,
        generator=TOOL,
    )
    name, number = version.name, version.version
    scripts = {
        "up": retired_script(engine, created.down, model=name, version=number, state="retired"),
        "down": retired_script(engine, created.up, model=name, version=number, state="created"),
    }
    slug = f"{version.name}_retire_v{version.version}"
    return numbered_files(project, engine, slug, header, scripts)


def retire_facade_files(project: Project, engine: str, name: str) -> FileSet:
    """The files that drop a facade, such as a shadow, not yet written.

    Raises:
        ProjectError: there is no such facade, or it is called in several ways.
    """
    migrations = project.migrations(engine)
    states = facade_states(migrations)
    if name not in states:
        raise ProjectError(
            f"migrations/{engine} has no facade {name}",
            hint=f"there are: {', '.join(states) or 'none'}",
        )
    state = states.pop(name)
    if len(state.serves) > 1:
        raise ProjectError(
            f"the facade {name} is called in several ways",
            hint="drop its routines with a migration of your own",
        )
    before = served(project, state.serves[0], engine)
    _refuse_attached(name, migrations)
    header = Header(
        kind=Kind.RETIRE, requires=(state.last,), model=state.serves[0], facade=name, generator=TOOL
    )
    facade = Facade(dialect_named(engine), project.schema, name, state.roles)
    move = Move(before, None, (), *state_changes(migrations, header, engine))
    now = facade_states(migrations)
    scripts = {
        "up": facade.script(move) + moved_script(project, engine, migrations, name, states),
        "down": facade.script(move.reversed())
        + moved_script(project, engine, migrations, name, now),
    }
    return numbered_files(project, engine, f"{name}_retire", header, scripts)


def _refuse_attached(name: str, migrations: tuple[Migration, ...]) -> None:
    for migration, one in attachments(migrations).items():
        if one.facade == name:
            raise ProjectError(
                f"{migration} attaches {name} to {one.source}",
                hint="roll it back first, or undo it with a migration of your own",
            )
