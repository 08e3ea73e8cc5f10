"""The plan gives every name of the files and of the history one state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procgen.errors import ProjectError
from procgen.migrations.header import Header
from procgen.migrations.ledger import (
    Event,
    EventName,
    StoredObject,
    applied_events,
    expected_objects,
)
from procgen.migrations.migration import Migration
from procgen.migrations.plan import State, make_plan, refuse_problems


def migration(number, slug="m", up="SELECT 1;\n"):
    return Migration(number, slug, "duckdb", Header(), up, "SELECT 0;\n")


def event(of, name=EventName.APPLY, **changes):
    made = Event(
        event=name,
        migration=of.id,
        kind="sql",
        up_sha256=of.up_sha256,
        down_sha256=of.down_sha256,
        verify_sha256=None,
        down_sql=of.down,
        objects=(),
        engine="DuckDB 2.0.0",
        tool="procgen",
        git_commit=None,
    )
    return replace(made, **changes)


ONE, TWO, THREE = migration(1), migration(2), migration(3)


def states(migrations, events):
    return {entry.id: entry.state for entry in make_plan(migrations, events).entries}


def test_what_is_not_in_history_is_pending():
    plan = make_plan([ONE, TWO], [event(ONE)])
    assert [entry.state for entry in plan.entries] == [State.APPLIED, State.PENDING]
    assert plan.pending == (TWO,)
    assert plan.problems == ()
    refuse_problems(plan)


def test_what_was_rolled_back_is_pending_again():
    events = [event(ONE), event(TWO), event(TWO, EventName.ROLLBACK)]
    assert states([ONE, TWO], events) == {"0001_m": State.APPLIED, "0002_m": State.PENDING}


def test_a_failure_changes_nothing():
    assert states([ONE, TWO], [event(ONE), event(TWO, EventName.FAIL)])["0002_m"] is State.PENDING


def test_going_back_to_an_older_text_is_normal():
    other = migration(1, up="SELECT 2;\n")
    events = [event(ONE), event(ONE, EventName.ROLLBACK), event(other)]
    assert states([other], events) == {"0001_m": State.APPLIED}
    assert states([ONE], events) == {"0001_m": State.EDITED}


@pytest.mark.parametrize(
    ("migrations", "events", "state", "message"),
    [
        ([migration(1, up="x\n")], [event(ONE)], State.EDITED, r"0001_m\.up\.sql was edited"),
        ([], [event(ONE)], State.UNKNOWN, "0001_m is applied, but this checkout has no file"),
        ([ONE, TWO, THREE], [event(ONE), event(THREE)], State.OUT_OF_ORDER, r"0002_m\.up\.sql is"),
    ],
)
def test_what_stands_in_the_way_is_named(migrations, events, state, message):
    plan = make_plan(migrations, events)
    assert [entry.state for entry in plan.problems] == [state]
    with pytest.raises(ProjectError, match=message):
        refuse_problems(plan)


def test_expected_objects_follow_from_what_is_applied():
    f1, f2 = StoredObject("f", "1", "1"), StoredObject("f", "2", "2")
    g = StoredObject("g", "3", "3")
    gone = StoredObject("g", gone=True)
    events = [
        event(ONE, objects=(f1, g)),
        event(TWO, objects=(f2,)),
        event(THREE, objects=(gone,)),
    ]
    assert expected_objects(applied_events(events)) == {"f": f2}
    undone = [*events, event(THREE, EventName.ROLLBACK), event(TWO, EventName.ROLLBACK)]
    assert expected_objects(applied_events(undone)) == {"f": f1, "g": g}
