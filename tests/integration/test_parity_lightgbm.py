"""LightGBM's models score in every database as they do in Python, by the bits."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.lightgbm_zoo import ZOO, fitted

RANDOM_ROWS = 300


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_as_lightgbm_does(name, shared_database_url):
    model, inputs, types = fitted(name)
    engine = engine_of(shared_database_url)
    artifact = compile_model(model, name="gbm", target=engine, inputs=inputs, types=types)
    report = verify(artifact, model, url=shared_database_url, random=RANDOM_ROWS)
    assert report.ok, report.describe()
    assert report.undecided == 0
    assert report.refused < report.rows / 2
