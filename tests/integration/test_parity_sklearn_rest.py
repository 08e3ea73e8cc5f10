"""Models made of models, and scikit-learn's less usual ones, score in a database as in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.models_of_models import MODELS, columns_of, fitted

PROBES = 120
RANDOM = 40
UNDECIDED = {"centroid pair": 2, "centroid triple": 2, "output code": 1}
"""Rows whose label rounding decides in Python: far from every centroid, or between two codes."""


@pytest.mark.parametrize("name", MODELS)
def test_the_database_scores_as_python_does(name, shared_database_url):
    model = fitted(name)
    artifact = compile_model(
        model, name="rest", target=engine_of(shared_database_url), inputs=columns_of(model)
    )
    report = verify(artifact, model, url=shared_database_url, probes=PROBES, random=RANDOM)
    assert report.ok, report.describe()
    assert report.undecided <= UNDECIDED.get(name, 0)
