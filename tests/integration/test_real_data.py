"""Models of real tables score every row of them in every database as they do in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.frontends.samples import sample_table
from procgen.verify import verify
from tests.real_data import MODELS, trained


@pytest.mark.parametrize("name", MODELS)
def test_the_database_scores_the_whole_table_as_python_does(name, shared_database_url) -> None:
    model, X = trained(name).model, trained(name).X
    artifact = compile_model(model, name="real", target=engine_of(shared_database_url), sample=X)
    report = verify(
        artifact,
        model,
        url=shared_database_url,
        rows=sample_table(X).to_pylist(),
        probes=100,
        random=30,
    )
    assert report.ok, report.describe()
    assert report.rows > len(X)
