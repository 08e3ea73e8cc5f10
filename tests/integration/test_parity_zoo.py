"""Every kind of model scores in every database as it does in Python, by the bits."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.models_zoo import ZOO, fitted


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_as_python_does(name, shared_database_url):
    model, types = fitted(name)
    engine = engine_of(shared_database_url)
    artifact = compile_model(model, name="zoo", target=engine, types=types)
    report = verify(artifact, model, url=shared_database_url, probes=1_200, random=600)
    assert report.ok, report.describe()
    assert report.undecided == 0
    assert report.refused < report.rows / 2
    assert report.left_out == 0 or report.rows > 1_500
