"""A version in PL/Python lives as any other: applied, promoted, watched, rolled back, retired."""

from __future__ import annotations

import sys

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier

from tests.integration.teams import Team

pytestmark = [pytest.mark.postgres, pytest.mark.plpython]
COLUMNS = "5.1, 3.5, 1.4, 0.2"
BATCH = (
    f"1, ARRAY['predict'], ml.iris_v1_bytes(ARRAY[ARRAY[{COLUMNS}]]::float8[], 1), "
    "NULL, NULL, NULL, NULL"
)


@pytest.fixture
def model(tmp_path) -> str:
    table, target = load_iris(return_X_y=True, as_frame=True)
    forest = GradientBoostingClassifier(n_estimators=3, random_state=0).fit(table, target == 0)
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(forest))
    return str(tmp_path / "model.skops")


@pytest.fixture
def team(postgres15_team: Team, model) -> Team:
    """A version in PL/Python, applied."""
    team = postgres15_team
    team.execute("CREATE EXTENSION plpython3u")
    team.write("compile", model, "--name", "iris", "--language", "plpython")
    team.ok("apply")
    return team


def test_apply_certifies_it_and_a_facade_calls_it(team) -> None:
    team.ok("rollback", "--steps", "1")
    assert "0 mismatches" in team.ok("apply")
    team.write("promote", "iris", "v1")
    team.ok("apply")
    assert team.value(f"ml.iris({COLUMNS})") is True
    assert team.value(f"(ml.iris_v1_batch({BATCH})).cells") == one_cell(1)
    assert "no drift" in team.ok("drift")


def one_cell(whole: int) -> bytes:
    """Eight bytes behind their length in bits."""
    return (64).to_bytes(4, sys.byteorder) + whole.to_bytes(8, "big")


def test_an_edited_body_is_drift(team) -> None:
    body = team.fetch("SELECT pg_get_functiondef('ml.iris_v1_batch'::regproc)")[0][0]
    team.execute(body.replace("BLOCK_ROWS = ", "BLOCK_ROWS = 1 + "))
    code, out, _ = team.on("drift")
    assert code == 1
    assert "ml.iris_v1_batch" in out


def test_rollback_leaves_nothing(team) -> None:
    before = set(team.objects())
    assert "type ml.iris_v1_scores" in before
    team.ok("rollback", "--steps", "1")
    assert team.objects() == {}


def test_retire_drops_and_brings_back_the_batch_routine(team) -> None:
    before = set(team.objects())
    team.write("retire", "iris", "v1")
    team.ok("apply")
    assert team.objects() == {}
    team.ok("rollback", "--steps", "1")
    assert set(team.objects()) == before


def test_the_same_model_in_sql_is_the_next_version(team, model) -> None:
    assert "nothing was written" in team.write("compile", model, "--name", "iris")
    out = team.write("compile", model, "--name", "iris", "--language", "sql")
    assert "iris v2" in out
    assert "differs from v1: --language sql" in out
    team.ok("apply")
    assert team.value(f"ml.iris_v1_margin({COLUMNS}) = ml.iris_v2_margin({COLUMNS})") is True


def test_a_target_that_does_not_speak_it_is_named(team, model) -> None:
    code, _, err = team.run(
        "compile", model, "--name", "other", "--language", "plpython", "--target", "duckdb"
    )
    assert code == 3
    assert "--language plpython is postgres's" in err
