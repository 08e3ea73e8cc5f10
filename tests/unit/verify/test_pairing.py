from __future__ import annotations

from itertools import combinations, product

from sklearn.linear_model import LinearRegression

from procgen.frontends import read_model
from procgen.verify.pairing import MOST, paired
from procgen.verify.probes import probe_rows
from tests import models_zoo

LEVELS = [(1, 2, 3), ("a", "b"), (None, 0.0, 1.0, 2.0), (True, False), (7,)]


def pairs(rows, first, second):
    return {(row[first], row[second]) for row in rows}


def test_any_two_values_stand_side_by_side():
    rows = paired(LEVELS, 1_000)
    for first, second in combinations(range(len(LEVELS)), 2):
        assert pairs(rows, first, second) == set(product(LEVELS[first], LEVELS[second]))


def test_few_rows_are_enough():
    assert len(paired(LEVELS, 1_000)) <= 16  # 3 times 4 are the fewest
    assert len(paired([range(6)] * 30, 1_000)) < 150  # of 15,660 pairs


def test_no_more_rows_are_made_than_are_asked_for():
    assert len(paired([range(6)] * 10, 5)) == 5
    assert paired([], 5) == []


def test_rows_are_the_same_on_every_call():
    assert paired(LEVELS, 50) == paired(LEVELS, 50)


def test_of_many_inputs_some_are_paired():
    rows = paired([(0, 1)] * (MOST * 2), 100)
    assert pairs(rows, 0, 2) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert all(len(row) == MOST * 2 for row in rows)


def test_probes_pair_tiny_and_huge_numbers_of_a_linear_model():
    model = LinearRegression().fit([[1.0, 2.0], [3.0, 4.5], [0.0, 1.0]], [1.0, 2.0, 3.0])
    rows = probe_rows(read_model(model, ["x", "y"]).program)
    found = {(row["x"], row["y"]) for row in rows}
    values = (0.0, 1e-30, -1e-30, 1e15, -1e15)
    assert set(product(values, values)) <= found


def test_probes_pair_missing_values_where_they_are_scored():
    name = "HistGradientBoostingRegressor-squared_error"
    rows = probe_rows(read_model(models_zoo.fitted(name).model).program)
    for first, second in combinations("abcd", 2):
        assert any(row[first] is None and row[second] is None for row in rows)
