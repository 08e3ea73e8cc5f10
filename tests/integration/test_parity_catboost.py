"""CatBoost models score in every database as they do in Python, by the bits."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.ir.types import DType
from procgen.verify import verify
from tests.catboost_zoo import ZOO, fitted


def assert_parity(model, url, types=None) -> None:
    artifact = compile_model(model, name="cat", target=engine_of(url), types=types)
    report = verify(artifact, model, url=url)
    assert report.ok, report.describe()
    assert report.rows > 1_000
    assert report.refused < report.rows / 4


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_as_catboost_does(name, shared_database_url) -> None:
    assert_parity(fitted(name), shared_database_url)


@pytest.mark.parametrize("name", ["one-hot", "combinations of three"])
def test_integer_and_boolean_categories_need_not_be_text(name, shared_database_url) -> None:
    types = {"level": DType.INT64, "active": DType.BOOL}
    assert_parity(fitted(name), shared_database_url, types)
