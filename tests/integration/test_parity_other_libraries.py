"""Models of interpret, statsmodels and glum score in every database as they do in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.frontends.reading import column_count, entry, known_names
from procgen.ir.types import DType
from procgen.verify import verify
from tests.other_libraries_zoo import ZOO, fitted


def assert_parity(model, url, types=None, probes=300) -> None:
    named = known_names(entry(model)) is not None
    inputs = None if named else [f"x{place}" for place in range(column_count(entry(model)))]
    engine = engine_of(url)
    artifact = compile_model(model, name="other", target=engine, inputs=inputs, types=types)
    report = verify(artifact, model, url=url, probes=probes, random=probes // 2)
    assert report.ok, report.describe()
    assert report.undecided == 0
    assert report.refused < report.rows / 2


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_as_the_library_does(name, shared_database_url) -> None:
    assert_parity(fitted(name), shared_database_url)


def test_truths_and_whole_numbers_are_categories(shared_database_url) -> None:
    types = {"level": DType.INT64, "active": DType.BOOL}
    assert_parity(fitted("ebm nominal"), shared_database_url, types)
