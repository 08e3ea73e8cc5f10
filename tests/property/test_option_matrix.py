"""Whatever the options, a model that is read scores in a database as it does in Python."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, note, reject, settings
from hypothesis import strategies as st
from lightgbm.basic import LightGBMError

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.property.option_matrix import MATRIX

EXAMPLES = settings.default.max_examples


def fitted(drawn):
    """The model, fitted; options that do not go together are drawn again."""
    note(f"{drawn.model.get_params()}")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return drawn.model.fit(drawn.X, drawn.y)
    except (ValueError, LightGBMError):
        return reject()


def assert_parity(drawn, url) -> None:
    model = fitted(drawn)
    artifact = compile_model(model, name="drawn", target=engine_of(url), sample=drawn.X)
    report = verify(artifact, model, url=url, probes=60, random=20)
    assert report.ok, report.describe()


@pytest.mark.duckdb
@pytest.mark.parametrize("name", MATRIX)
@given(data=st.data())
@settings(max_examples=EXAMPLES // 8)
def test_any_options_in_duckdb(name, data) -> None:
    assert_parity(data.draw(MATRIX[name]()), "duckdb:///:memory:")


@pytest.mark.postgres
@pytest.mark.parametrize("version", [15, 18])
@given(data=st.data())
@settings(max_examples=EXAMPLES // 12)
def test_any_options_in_postgres(version, data, postgres_urls) -> None:
    name = data.draw(st.sampled_from(list(MATRIX)))
    assert_parity(data.draw(MATRIX[name]()), postgres_urls[version])


@pytest.fixture(scope="module")
def postgres_urls(postgres15_server, postgres18_server):
    """One database of each version; its tests leave nothing in it."""
    with postgres15_server.database() as one, postgres18_server.database() as other:
        yield {15: one, 18: other}
