"""Targets are data, and their verdicts follow from the figures."""

from __future__ import annotations

import pytest

from benchmarks.models import MAKERS
from benchmarks.targets import TARGETS, Measure, Target, Verdict
from benchmarks.ways import Figure

LGB = MAKERS["lgb100"][0]
RATIO = Target("batch", "duckdb", ("lgb100",), ("SQL", "other"), Measure.RATIO, 1.5)


def figure(**given):
    usual = {"section": "batch", "model": LGB, "engine": "duckdb", "way": "SQL", "role": "procgen"}
    return Figure(**usual | given)


def test_the_best_way_counts():
    figures = [figure(ratio=1.0), figure(way="other", ratio=1.6)]
    assert RATIO.value(figures) == 1.6
    assert RATIO.verdict(figures) is Verdict.REACHED


def test_less_than_promised_is_missed():
    assert RATIO.verdict([figure(ratio=1.49)]) is Verdict.MISSED


@pytest.mark.parametrize(
    "changed", [{"engine": "postgres 15"}, {"way": "rival"}, {"section": "rows"}, {"failed": "no"}]
)
def test_other_figures_do_not_count(changed):
    assert RATIO.verdict([figure(ratio=9.0, **changed)]) is Verdict.OPEN


def test_a_cost_in_times_is_one_over_the_ratio():
    target = Target("rows", "duckdb", ("lgb100",), ("SQL",), Measure.TIMES, 2.0)
    assert target.value([figure(section="rows", ratio=0.4)]) == 2.5
    assert target.verdict([figure(section="rows", ratio=0.4)]) is Verdict.MISSED
    assert target.verdict([figure(section="rows", ratio=0.5)]) is Verdict.REACHED


def test_the_worst_of_several_models_counts_and_all_must_be_measured():
    target = Target("planning", "duckdb", ("linear", "lgb100"), ("SQL",), Measure.CPU, 0.25)
    lgb = figure(section="planning", cpu=0.1)
    linear = figure(section="planning", cpu=0.3, model=MAKERS["linear"][0])
    assert target.verdict([lgb]) is Verdict.OPEN
    assert target.value([lgb, linear]) == 0.3
    assert target.verdict([lgb, linear]) is Verdict.MISSED


def test_of_some_targets_the_worst_way_counts():
    target = Target("planning", "duckdb", ("lgb100",), ("SQL", "b"), Measure.CPU, 0.25, every=True)
    fast = figure(section="planning", cpu=0.1)
    assert target.value([fast, figure(section="planning", cpu=0.4, way="b")]) == 0.4


def test_each_target_is_about_models_that_exist_and_stands_once():
    assert {key for target in TARGETS for key in target.models} <= MAKERS.keys()
    assert len(set(TARGETS)) == len(TARGETS)
