"""History as an auditor reads it: each event, and which versions answered after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from procgen.migrations.header import Kind
from procgen.migrations.ledger import Event, EventName, applied_in_time

PROMOTED = re.compile(r"\d{4}_(?P<facade>\w+)_promote_v(?P<version>\d+)")
RETIRED = re.compile(r"\d{4}_(?P<facade>\w+)_retire")
OF_MODEL = r"\d{{4}}_{name}(_shadow)?(_v\d+|_promote_v\d+|_retire(_v\d+)?)"


@dataclass(frozen=True, slots=True)
class Moment:
    """One event and what it left.

    Attributes:
        event: what happened.
        answers: facade and version, such as `churn = v3`, where the event moved one.
    """

    event: Event
    answers: str | None = None


def timeline(events: Iterable[Event], name: str | None = None) -> Iterator[Moment]:
    """Every event in its order, or those about one model and its facades."""
    wanted = None if name is None else re.compile(OF_MODEL.format(name=re.escape(name)))
    seen: list[Event] = []
    for event in events:
        seen.append(event)
        if wanted is not None and not _is_about(event, wanted, name or ""):
            continue
        yield Moment(event, _answers(seen, event))


def _is_about(event: Event, wanted: re.Pattern[str], name: str) -> bool:
    if wanted.fullmatch(event.migration):
        return True
    call = re.compile(rf"[.\"]{re.escape(name)}(_v\d+)?(_proba|_margin)?\"?(\(|$)")
    return any(call.search(found.identity) for found in event.objects)


def _answers(seen: list[Event], event: Event) -> str | None:
    """Who answers the facade of this event now; a failure moves nothing."""
    if event.event is EventName.FAIL or event.kind not in (Kind.PROMOTE, Kind.RETIRE):
        return None
    moved = PROMOTED.fullmatch(event.migration) or RETIRED.fullmatch(event.migration)
    if moved is None:
        return None
    facade = moved["facade"]
    version: str | None = None
    for one in applied_in_time(seen):
        if (found := PROMOTED.fullmatch(one.migration)) and found["facade"] == facade:
            version = found["version"]
        elif (found := RETIRED.fullmatch(one.migration)) and found["facade"] == facade:
            version = None
    return f"{facade} = v{version}" if version else f"{facade} is gone"
