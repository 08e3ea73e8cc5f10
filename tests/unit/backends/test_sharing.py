from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from tests.models_of_models import fitted

TREES = {"calibrated stack in a search": 10, "isotonic forest triple ensemble=True": 45}
"""Trees times classes of every forest inside; boosted ones are no more than that again."""


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
@pytest.mark.parametrize("name", TREES)
def test_a_model_inside_another_is_written_once_for_each_routine(name, target) -> None:
    artifact = compile_model(fitted(name), name="nested", target=target)
    assert artifact.up.count("/* tree") <= 2 * TREES[name]


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_a_model_of_its_own_needs_no_names(target) -> None:
    for name in ("bagged trees triple", "one vs rest margins of labels"):
        artifact = compile_model(fitted(name), name="plain", target=target)
        assert "step_1" not in artifact.up
        assert "LANGUAGE plpgsql" not in artifact.up


def test_names_stand_side_by_side_because_duckdb_plans_each_nested_lambda_again() -> None:
    artifact = compile_model(
        fitted("isotonic forest triple ensemble=True"), name="nested", target="duckdb"
    )
    assert "step_2" in artifact.up
    assert "step_5" not in artifact.up
