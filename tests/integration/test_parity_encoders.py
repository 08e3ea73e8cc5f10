"""Encoders and imputers of other libraries than scikit-learn, in every database as in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.encoders_zoo import ZOO, fitted


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_as_python_does(name, shared_database_url) -> None:
    model = fitted(name)
    artifact = compile_model(model, name="encoded", target=engine_of(shared_database_url))
    report = verify(artifact, model, url=shared_database_url, probes=200, random=60)
    assert report.ok, report.describe()
    assert report.refused < report.rows / 2
