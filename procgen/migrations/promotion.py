"""Promoting: the files that move a facade to another version, or a refusal that says why not.

A facade keeps its signature, because `CREATE OR REPLACE` with another one would leave the old
overload live beside the new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from procgen.artifacts.artifact import check_version_name
from procgen.artifacts.facade import Facade, Move, Served, StateOf
from procgen.backends import dialect_named
from procgen.backends.routines import SUFFIXES
from procgen.compiler import EVERYONE
from procgen.errors import ProjectError
from procgen.migrations.attached import attachments, has_rows, moved_script
from procgen.migrations.create import find_create_migration
from procgen.migrations.facades import SHADOW, FacadeState, facade_states, model_states
from procgen.migrations.header import Header, Kind, ModelVersion, body_hashes
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
    after = served(project, wanted.model, engine)
    roles = project.roles or EVERYONE
    facade = Facade(
        dialect_named(engine), project.schema, wanted.target, roles, _without(state.roles, roles)
    )
    before = _replaced(project, facade, state, after, wanted)
    if wanted.shadow:
        _refuse_unlike(project, facade, states, after, migrations)
    header = Header(
        kind=Kind.PROMOTE,
        requires=tuple(name for name in (created.id, state.last) if name),
        model=wanted.model,
        facade=wanted.target,
        replaces=None if before is None else ModelVersion(before.model, before.version),
        ends=_ended(wanted, states),
        roles=roles,
        generator=TOOL,
    )
    return _files(project, engine, migrations, header, facade, _Answer(state, before, after))


@dataclass(frozen=True, slots=True)
class _Answer:
    """A facade as it is, and who answered the call before and answers it after."""

    state: FacadeState
    before: Served | None
    after: Served


def _files(
    project: Project,
    engine: str,
    migrations: tuple[Migration, ...],
    header: Header,
    facade: Facade,
    answer: _Answer,
) -> FileSet:
    others = [served(project, one, engine) for one in answer.state.serves if one != header.replaces]
    states, former = state_changes(migrations, header, engine)
    move = Move(answer.before, answer.after, tuple(others), states, former)
    back = replace(
        facade, roles=answer.state.roles, former=_without(facade.roles, answer.state.roles)
    )
    up, down = facade.script(move), back.script(move.reversed())
    if header.ends is not None:
        gone, again = _shadow_scripts(project, engine, facade_states(migrations)[header.ends])
        up, down = up + gone, again + down
    after = facade_states([*migrations, _next(migrations, header, engine)])
    up += moved_script(project, engine, migrations, facade.name, after)
    down += moved_script(project, engine, migrations, facade.name, facade_states(migrations))
    return numbered_files(
        project,
        engine,
        f"{facade.name}_promote_v{answer.after.version}",
        replace(header, objects=facade.objects(move), body_sha256=body_hashes(up)),
        {"up": up, "down": down},
    )


def _shadow_scripts(project: Project, engine: str, state: FacadeState) -> tuple[str, str]:
    """The statements that drop a shadow, and those that bring it back."""
    facade = Facade(dialect_named(engine), project.schema, state.name, state.roles)
    move = Move(served(project, state.serves[-1], engine), None)
    return "\n" + facade.script(move), facade.script(move.reversed()) + "\n"


def served(project: Project, version: ModelVersion, engine: str) -> Served:
    """A version as a facade calls it."""
    rows = has_rows(project, version, engine)
    return Served(version.name, version.version, read_program(project, version), rows)


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
    engine = facade.dialect.name
    known = [served(project, version, engine) for version in state.serves]
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


def _ended(wanted: Promotion, states: dict[str, FacadeState]) -> str | None:
    """The shadow that ends, because its version answers now."""
    shadow = states.get(wanted.target + SHADOW)
    ends = shadow is not None and shadow.is_shadow and shadow.serves == (wanted.model,)
    return wanted.target + SHADOW if ends and not wanted.shadow else None


def _refuse_unlike(
    project: Project,
    facade: Facade,
    states: dict[str, FacadeState],
    after: Served,
    migrations: tuple[Migration, ...],
) -> None:
    """A shadow scores what the champion does, where something is attached."""
    champion = states.get(facade.name.removesuffix(SHADOW))
    if champion is None:
        return
    for version in champion.serves:
        if (version.name, version.version) == (after.model, after.version):
            raise ProjectError(f"{champion.name} is answered by {after.label} already")
    attached = [
        name for name, one in attachments(migrations).items() if one.facade == champion.name
    ]
    answering = served(project, champion.serves[-1], facade.dialect.name)
    if attached and not _same_call(facade, answering, after):
        raise ProjectError(
            f"{after.label} is called as {facade.call(after)}, but {attached[0]} calls "
            f"{answering.label} as {facade.call(answering)}",
            hint="roll the attachment back first, or compile a version with the same inputs",
        )


def state_changes(
    migrations: tuple[Migration, ...], header: Header, engine: str
) -> tuple[tuple[StateOf, ...], tuple[StateOf, ...]]:
    """What versions become, and what they were; those that lose a state first."""
    before = model_states(migrations)
    after = model_states([*migrations, _next(migrations, header, engine)])
    changed = sorted(
        (one for one in after if after[one] != before.get(one)),
        key=lambda one: (after[one] != "created", one.name, one.version),
    )
    return (
        tuple((one.name, one.version, after[one]) for one in changed),
        tuple((one.name, one.version, before[one]) for one in changed),
    )


def _next(migrations: tuple[Migration, ...], header: Header, engine: str) -> Migration:
    return Migration(len(migrations) + 1, "next", engine, header, "", "")


def _without(roles: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in roles if role not in others)
