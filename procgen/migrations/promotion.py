"""Promoting: the files that move a facade to another version, or a refusal that says why not.

A facade keeps its signature, because `CREATE OR REPLACE` with another one would leave the old
overload live beside the new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from procgen.artifacts.artifact import check_version_name
from procgen.artifacts.facade import Facade, Move, Served
from procgen.backends import dialect_named
from procgen.backends.routines import SUFFIXES
from procgen.compiler import EVERYONE
from procgen.errors import ProjectError
from procgen.migrations.create import find_create_migration
from procgen.migrations.facades import SHADOW, FacadeState, champions, facade_states, model_states
from procgen.migrations.header import Header, Kind, ModelVersion
from procgen.migrations.migration import Migration
from procgen.migrations.models import read_program
from procgen.migrations.numbered import numbered_files
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.migrations.writing import FileSet


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is wanted.

    Attributes:
        name: the model.
        version: of the model.
        facade: another name than the model's, if the signature needs one.
        overload: keep the old call beside the new.
        shadow: score beside the champion; nothing that answers is moved.
    """

    name: str
    version: int
    facade: str | None = None
    overload: bool = False
    shadow: bool = False

    @property
    def target(self) -> str:
        """The facade that it moves."""
        return self.name + SHADOW if self.shadow else self.facade or self.name

    @property
    def model(self) -> ModelVersion:
        """The version that it moves to."""
        return ModelVersion(self.name, self.version)


def promote_files(project: Project, engine: str, wanted: Promotion) -> FileSet:
    """The files of a promotion, not yet written.

    Raises:
        ProjectError: there is no such version, it is retired or answers already, or its signature
            is not the facade's.
    """
    check_version_name(wanted.target, 1)
    migrations = project.migrations(engine)
    created = _created(project, engine, migrations, wanted)
    states = facade_states(migrations)
    state = states.get(wanted.target, FacadeState(wanted.target))
    _refuse_clash(wanted, states, migrations)
    after = served(project, wanted.model)
    roles = project.roles or EVERYONE
    facade = Facade(
        dialect_named(engine), project.schema, wanted.target, roles, _without(state.roles, roles)
    )
    before = _replaced(project, facade, state, after, wanted)
    header = Header(
        kind=Kind.PROMOTE,
        requires=tuple(name for name in (created.id, state.last) if name),
        model=wanted.model,
        facade=wanted.target,
        replaces=None if before is None else ModelVersion(before.model, before.version),
        roles=roles,
        generator=TOOL,
    )
    others = [served(project, one) for one in state.serves if one != header.replaces]
    move = Move(before, after, tuple(others), *_state_changes(migrations, header, engine))
    back = replace(facade, roles=state.roles, former=_without(roles, state.roles))
    return numbered_files(
        project,
        engine,
        f"{facade.name}_promote_v{wanted.version}",
        replace(header, objects=facade.objects(move)),
        {"up": facade.script(move), "down": back.script(move.reversed())},
    )


def served(project: Project, version: ModelVersion) -> Served:
    """A version as a facade calls it."""
    return Served(version.name, version.version, read_program(project, version))


def _created(
    project: Project, engine: str, migrations: Iterable[Migration], wanted: Promotion
) -> Migration:
    created = find_create_migration(project, engine, wanted.name, wanted.version)
    if created is None:
        raise ProjectError(
            f"migrations/{engine} creates no {wanted.name} v{wanted.version}",
            hint=f"run `procgen compile MODEL --name {wanted.name} --target {engine}` first",
        )
    if model_states(migrations).get(wanted.model) == "retired":
        raise ProjectError(
            f"{wanted.name} v{wanted.version} is retired",
            hint="roll the retirement back, or compile the model again as a new version",
        )
    return created


def _refuse_clash(
    wanted: Promotion, states: dict[str, FacadeState], migrations: Iterable[Migration]
) -> None:
    """Two names that end alike would share a routine: churn's proba and the model churn_proba."""
    names = {wanted.target + suffix for suffix in SUFFIXES.values()}
    versions = [one.header.model for one in migrations if one.kind is Kind.CREATE]
    created = {f"{one.name}_v{one.version}" for one in versions if one is not None}
    for other in {*states, *created} - {wanted.target}:
        shared = sorted(names & {other + suffix for suffix in SUFFIXES.values()})
        if shared:
            raise ProjectError(
                f"the facade {wanted.target} and {other} would both be called {shared[0]}",
                hint="choose another name with --new-facade",
            )


def _replaced(
    project: Project, facade: Facade, state: FacadeState, after: Served, wanted: Promotion
) -> Served | None:
    """Who answers the same call now; None where the call is new.

    Raises:
        ProjectError: the facade is called in another way, or this version answers already.
    """
    known = [served(project, version) for version in state.serves]
    for one in known:
        if (one.model, one.version) == (after.model, after.version):
            raise ProjectError(f"{facade.name} is answered by {after.label} already")
        if _same_call(facade, one, after):
            return one
    if not known:
        return None
    if not wanted.overload:
        raise ProjectError(
            f"{after.label} is called as {facade.call(after)}, but the facade as "
            + " and ".join(facade.call(one) for one in known),
            hint=f"give it a facade of its own with --new-facade {facade.name}2, or keep both "
            "calls with --overload",
        )
    _refuse_overload(facade, known, after)
    return None


def _same_call(facade: Facade, one: Served, other: Served) -> bool:
    """Whether callers of `one` can call `other` without a change; more outputs do no harm."""
    if facade.inputs(one) != facade.inputs(other):
        return False
    answers = {output.name: output.type for output in other.program.outputs}
    return all(answers.get(output.name) == output.type for output in one.program.outputs)


def _refuse_overload(facade: Facade, known: Iterable[Served], after: Served) -> None:
    """An overload needs a call that the database can tell from the others."""
    for one in known:
        mine = [parameter.type for parameter in facade.parameters(after)]
        theirs = [parameter.type for parameter in facade.parameters(one)]
        same = mine == theirs or (facade.overloads_are_one and len(mine) == len(theirs))
        if same or facade.takes_row(one) or facade.takes_row(after):
            raise ProjectError(
                f"{facade.dialect.name} cannot tell {facade.call(after)} from {facade.call(one)}",
                hint=f"give it a facade of its own with --new-facade {facade.name}2",
            )


def _state_changes(
    migrations: tuple[Migration, ...], header: Header, engine: str
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """Versions that are no champion any more, and those that become one."""
    next_one = Migration(len(migrations) + 1, "next", engine, header, "", "")
    before = champions(facade_states(migrations))
    after = champions(facade_states([*migrations, next_one]))
    return (
        tuple((one.name, one.version) for one in before if one not in after),
        tuple((one.name, one.version) for one in after if one not in before),
    )


def _without(roles: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in roles if role not in others)
