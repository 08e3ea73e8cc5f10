"""The history as values: events are only ever added, and what is applied now follows from them."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass


class EventName(enum.StrEnum):
    """What happened to a migration."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    BASELINE = "baseline"
    REPAIR = "repair"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A routine or type as the database stores it; hashes, so that rows of history stay small.

    Attributes:
        identity: kind, name and argument types, such as `function ml.churn_v1(double precision)`.
        definition: the hash of all that CREATE says; empty where the object is gone.
        body: the hash of the body alone.
        owner: the owner's name, where the engine has owners.
        acl: the grants as text, where the engine has grants.
        gone: whether the event removed the object.
    """

    identity: str
    definition: str = ""
    body: str = ""
    owner: str = ""
    acl: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One row of `procgen.history`."""

    event: EventName
    migration: str
    kind: str | None
    up_sha256: str | None
    down_sha256: str | None
    verify_sha256: str | None
    down_sql: str | None
    objects: tuple[StoredObject, ...]
    engine: str
    tool: str
    git_commit: str | None
    ms: int | None = None
    note: str | None = None
    by_role: str | None = None
    applied_at: dt.datetime | None = None
    seq: int | None = None


def applied_events(events: Iterable[Event]) -> tuple[Event, ...]:
    """For each migration that is applied now, the event that says so; in the order of names."""
    applied: dict[str, Event] = {}
    for event in events:
        match event.event:
            case EventName.APPLY | EventName.BASELINE | EventName.REPAIR:
                applied[event.migration] = event
            case EventName.ROLLBACK:
                applied.pop(event.migration, None)
            case EventName.FAIL:
                pass
    return tuple(applied[name] for name in sorted(applied))


def expected_objects(events: Iterable[Event]) -> dict[str, StoredObject]:
    """What should be stored now, by identity, when `events` are those that are applied now."""
    stored: dict[str, StoredObject] = {}
    for event in events:
        for found in event.objects:
            if found.gone:
                stored.pop(found.identity, None)
            else:
                stored[found.identity] = found
    return stored
