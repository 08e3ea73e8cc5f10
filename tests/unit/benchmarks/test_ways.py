"""One loop measures every way: medians, rows for slow ways, failures that end nothing."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from benchmarks.clocks import Cost, StoppedError, cost_of, limited, one_core
from benchmarks.exactness import Asked
from benchmarks.races import Pace, race
from benchmarks.ways import Ready, Role, Way, reason

PACE = Pace(rows=100, fewest=10, rounds=3)
LABELS = {"section": "batch", "model": "a model"}


def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def way(name, score, *, against=None, answers=None):
    return Way(name, "memory", Role.RIVAL, against, lambda _: Ready(score, answers))


def test_a_ratio_is_the_base_over_the_way_in_processor_time():
    ways = [
        way("base", lambda rows: spin(rows * 2e-4)),
        way("fast", lambda rows: spin(rows * 1e-4), against="base"),
    ]
    base, fast = race(ways, PACE, **LABELS)
    assert base.ratio is None
    assert 1.5 < fast.ratio < 2.5
    assert (fast.units, fast.rounds) == (100, 3)


@pytest.fixture
def other():
    """A process that waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux pins processes")
def test_processes_that_work_by_turns_share_a_core_for_a_while(other):
    before = os.sched_getaffinity(0), os.sched_getaffinity(other.pid)
    seen = []

    def score(_):
        seen.append((os.sched_getaffinity(0), os.sched_getaffinity(other.pid)))

    for by_turns in (False, True):
        ready = Ready(score, processes=(other.pid,), stop=other.kill, by_turns=by_turns)
        list(race([Way("own", "memory", Role.OURS, None, lambda _, r=ready: r)], PACE, **LABELS))
        assert (os.sched_getaffinity(0), os.sched_getaffinity(other.pid)) == before
    assert seen[0] == before
    assert seen[-1] == ({min(before[0])}, {min(before[0])})


def test_a_process_that_is_gone_shares_no_core(other):
    before = os.sched_getaffinity(0)
    with one_core([other.pid]):
        other.kill()
        other.wait()
    assert os.sched_getaffinity(0) == before


def test_a_slow_way_gets_fewer_rows_and_says_how_many():
    pace = Pace(rows=1000, fewest=10, rounds=2, seconds=0.05)
    (slow,) = race([way("slow", lambda rows: spin(rows * 1e-3))], pace, **LABELS)
    assert 10 <= slow.units < 500


def test_ways_of_an_engine_score_the_same_rows_where_the_limit_allows_it(monkeypatch):
    def told(step, _):
        seconds = step()
        return Cost(seconds, seconds, 0)

    monkeypatch.setattr("benchmarks.races.cost_of", told)
    ways = [
        way("base", lambda rows: rows * 1e-3),
        way("fast", lambda rows: rows * 1e-4, against="base"),
        replace(way("elsewhere", lambda rows: rows * 1e-3), engine="another"),
        way("too slow", lambda rows: rows * 1e-2),
    ]
    pace = Pace(rows=1000, fewest=10, rounds=2, seconds=0.2, limit=8.0)
    figures = list(race(ways, pace, **LABELS))
    *same, elsewhere, slow = [figure.units for figure in figures]
    assert same == [1000, 1000]
    assert 190 < elsewhere < 210
    assert slow < 30
    assert {figure.rounds for figure in figures} == {2}


def test_what_a_statement_costs_does_not_make_its_rows_fewer():
    pace = Pace(rows=1000, fewest=100, rounds=1, seconds=0.05)
    (planned,) = race([way("planned", lambda rows: spin(0.06 + rows * 1e-6))], pace, **LABELS)
    assert planned.units == 1000


def test_a_way_that_is_too_slow_is_measured_once():
    pace = Pace(rows=1000, fewest=10, rounds=5, seconds=0.001)
    (slow,) = race([way("slow", lambda rows: spin(rows * 1e-3))], pace, **LABELS)
    assert (slow.units, slow.rounds) == (10, 1)


def test_a_way_that_cannot_be_prepared_does_not_end_the_race():
    def refuse(_):
        raise ImportError("no module named rival")

    ways = [Way("rival", "memory", Role.RIVAL, None, refuse), way("other", lambda _: None)]
    rival, other = race(ways, PACE, **LABELS)
    assert rival.failed == "ImportError: no module named rival"
    assert rival.cpu is None
    assert other.failed is None


def test_a_way_that_fails_in_a_round_is_a_failure():
    def once(rows):
        if rows > 10:
            raise ValueError("too\n many")

    (figure,) = race([way("once", once)], PACE, **LABELS)
    assert figure.failed == "ValueError: too many"


def test_a_step_that_takes_too_long_is_stopped_and_says_so():
    stopped = Event()

    def wait(_):
        stopped.wait(10)
        raise RuntimeError("interrupted")

    slow = Way("slow", "memory", Role.RIVAL, None, lambda _: Ready(wait, stop=stopped.set))
    (figure,) = race([slow], Pace(rows=1, fewest=1, rounds=1, limit=0.01), **LABELS)
    assert figure.failed == "stopped after 0.01 s"


def test_python_that_nothing_else_can_stop_is_stopped_as_well():
    with pytest.raises(StoppedError, match=r"stopped after 0.01 s"), limited(0.01, None):
        spin(10)


def test_an_error_before_the_limit_is_itself():
    with pytest.raises(RuntimeError, match="own"), limited(5, lambda: None):
        raise RuntimeError("own")


def test_memory_that_a_step_grew_by_is_seen():
    cost = cost_of(lambda: np.ones(8_000_000).sum())
    assert 50_000_000 < cost.memory < 200_000_000


ASKED = Asked(
    table=np.zeros((3, 30)),
    nulls=np.zeros((3, 30), dtype=bool),
    lowest=np.array([1.0, 2.0, math.nan]),
    highest=np.array([1.0, 2.5, math.nan]),
)


def counted(answers):
    (figure,) = race([way("asked", lambda _: None, answers=answers)], PACE, asked=ASKED, **LABELS)
    return figure


@pytest.mark.parametrize(
    ("scores", "wrong"),
    [
        ([1.0, 2.25, None], [0, 0, 0]),
        ([1.0, 2.25, math.nan], [0, 0, 0]),
        ([math.nextafter(1.0, 2), 2.6, 0.0], [1, 1, 1]),
        ([None, math.nan, math.inf], [1, 1, 1]),
    ],
)
def test_scores_are_right_or_wrong(scores, wrong):
    figure = counted(lambda rows: [scores[row] for row in rows])
    assert list(figure.wrong.values()) == wrong
    assert (figure.apart > 0) == (sum(wrong) > 0 and math.isfinite(scores[0] or math.nan))


def test_an_error_on_missing_values_makes_all_of_those_rows_wrong():
    def answers(rows):
        if rows.start == 2:
            raise TypeError("None <= 1")
        return [1.0 if rows.start == 0 else 2.0]

    figure = counted(answers)
    assert figure.wrong == {"random": 0, "thresholds": 0, "missing": 1}
    assert figure.note == "TypeError: None <= 1"


def test_an_error_on_ordinary_rows_is_a_failure():
    def answers(_):
        raise TypeError("never")

    assert counted(answers).failed == "TypeError: never"


def test_a_long_message_is_cut():
    assert len(reason(ValueError("x" * 1000))) == 240
