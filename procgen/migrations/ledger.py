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
        attributes: what CREATE says beside the body, as `name=value` parts.
        gone: whether the event removed the object.
    """

    identity: str
    definition: str = ""
    body: str = ""
    owner: str = ""
    acl: str = ""
    attributes: str = ""
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
    return tuple(sorted(applied_in_time(events), key=lambda event: event.migration))


def applied_in_time(events: Iterable[Event]) -> tuple[Event, ...]:
    """The same in the order in which they were applied; a repair keeps the place."""
    applied: dict[str, Event] = {}
    for event in events:
        match event.event:
            case EventName.APPLY | EventName.BASELINE:
                applied.pop(event.migration, None)
                applied[event.migration] = event
            case EventName.REPAIR:
                applied[event.migration] = event
            case EventName.ROLLBACK:
                applied.pop(event.migration, None)
            case EventName.FAIL:
                pass
    return tuple(applied.values())


def expected_objects(events: Iterable[Event]) -> dict[str, StoredObject]:
    """What should be stored now, when `events` were applied in this order, by identity."""
    return {name: found for name, (found, _) in expected_with_events(events).items()}


def expected_with_events(events: Iterable[Event]) -> dict[str, tuple[StoredObject, Event]]:
    """The same with the event that made or changed each object last."""
    stored: dict[str, tuple[StoredObject, Event]] = {}
    for event in events:
        for found in event.objects:
            if found.gone:
                stored.pop(found.identity, None)
            else:
                stored[found.identity] = (found, event)
    return stored
