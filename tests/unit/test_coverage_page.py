"""docs/coverage.md says what the readers are, and what fitted models of every class show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from procgen.frontends.registry import ESTIMATORS, INNER_MODELS, REFUSED, TRANSFORMERS
from tests.every_model import readings_by_class

ROOT = Path(__file__).parents[2]
CONTAINERS = {
    "imblearn.pipeline.Pipeline",
    "sklearn.compose.ColumnTransformer",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.pipeline.Pipeline",
}
READ = sorted({*ESTIMATORS.readers, *TRANSFORMERS.readers})
ALONE = [name for name in READ if name not in CONTAINERS and name not in INNER_MODELS.readers]
BOUNDS = {**TRANSFORMERS.bounds, **ESTIMATORS.bounds}


def test_the_coverage_page_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "coverage.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_class_that_is_read_is_compared_on_the_databases() -> None:
    assert [name for name in READ if name not in readings_by_class()] == []


@pytest.mark.parametrize("name", ALONE)
def test_fitted_models_are_exact_or_bounded_as_the_class_is_said_to_be(name) -> None:
    shown = {reading.bounds for reading in readings_by_class()[name] if reading.given}
    bound = BOUNDS.get(name)
    said = {False} if bound is None else {True, False} if bound.options else {True}
    assert shown == said


@pytest.mark.parametrize("name", INNER_MODELS.readers)
def test_a_model_of_exact_models_and_one_of_bounded_models_are_compared(name) -> None:
    shown = [reading for reading in readings_by_class()[name] if reading.given]
    assert all(not reading.result for reading in shown if not_exact(reading.inside))


def not_exact(readings) -> bool:
    return not all(reading.result for reading in readings)


def test_no_class_is_read_and_refused() -> None:
    assert REFUSED.keys() & set(READ) == set()
