"""Encoders and imputers of other libraries than scikit-learn, in every database as in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.encoders_zoo import VARIED, ZOO, fitted


def assert_parity(name, url) -> None:
    model = fitted(name)
    artifact = compile_model(model, name="encoded", target=engine_of(url))
    report = verify(artifact, model, url=url, probes=120, random=30)
    assert report.ok, report.describe()
    assert report.refused < report.rows * 2 / 3


@pytest.mark.parametrize("name", [name for name in ZOO if name not in VARIED])
def test_every_database_scores_as_python_does(name, shared_database_url) -> None:
    assert_parity(name, shared_database_url)


@pytest.mark.duckdb
@pytest.mark.parametrize("name", sorted(VARIED))
def test_other_options_make_other_tables(name) -> None:
    assert_parity(name, "duckdb:///:memory:")
