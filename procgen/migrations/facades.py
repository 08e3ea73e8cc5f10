"""Which version answers each facade: it follows from the promote and retire files alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from procgen.migrations.header import Kind, ModelVersion
from procgen.migrations.migration import Migration

SHADOW = "_shadow"


@dataclass(frozen=True, slots=True)
class FacadeState:
    """A facade as the files leave it.

    Attributes:
        name: `churn` for `ml.churn`.
        serves: the versions that answer it, one for each way to call it.
        roles: who may call it.
        last: the migration that moved it last.
    """

    name: str
    serves: tuple[ModelVersion, ...] = ()
    roles: tuple[str, ...] = ()
    last: str = ""

    @property
    def is_shadow(self) -> bool:
        """Whether it only scores beside a champion."""
        return all(self.name == version.name + SHADOW for version in self.serves)


def facade_states(migrations: Iterable[Migration]) -> dict[str, FacadeState]:
    """Every facade that is there once these migrations are applied, by name."""
    states: dict[str, FacadeState] = {}
    for migration in migrations:
        name = migration.header.facade
        if name is None:
            continue
        if migration.kind is Kind.RETIRE:
            states.pop(name, None)
        elif migration.header.model is not None:
            states[name] = _moved(states.get(name, FacadeState(name)), migration)
        if migration.header.ends is not None:
            states.pop(migration.header.ends, None)
    return states


def _moved(state: FacadeState, migration: Migration) -> FacadeState:
    header = migration.header
    kept = [version for version in state.serves if version != header.replaces]
    if header.model is not None:
        kept.append(header.model)
    return replace(state, serves=tuple(kept), roles=header.roles, last=migration.id)


def model_states(migrations: Iterable[Migration]) -> dict[ModelVersion, str]:
    """The state of every version in `procgen.models` once these migrations are applied."""
    every = tuple(migrations)
    states: dict[ModelVersion, str] = {}
    for migration in every:
        version = migration.header.model
        if version is None:
            continue
        if migration.kind is Kind.CREATE:
            states[version] = "created"
        elif migration.kind is Kind.RETIRE and migration.header.facade is None:
            states[version] = "retired"
    facades = facade_states(every)
    if any(one.header.layout for one in every):  # before that, the registry has no such state
        states |= dict.fromkeys(shadows(facades), "shadow")
    return states | dict.fromkeys(champions(facades), "champion")


def shadows(facades: Mapping[str, FacadeState]) -> list[ModelVersion]:
    """The versions that score beside a champion."""
    found = [one for state in facades.values() if state.is_shadow for one in state.serves]
    return list(dict.fromkeys(found))


def champions(facades: Mapping[str, FacadeState]) -> list[ModelVersion]:
    """The versions that answer a facade which is not a shadow."""
    found = [one for state in facades.values() if not state.is_shadow for one in state.serves]
    return list(dict.fromkeys(found))
