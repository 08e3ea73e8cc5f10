"""Every transformer, before a linear model and before a tree, in every database as in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_source
from procgen.databases.opening import engine_of
from procgen.frontends import read_model
from procgen.verify import verify
from tests.preprocessing_zoo import EXACT, STEPS, fitted, target_encoded


def assert_parity(model, source, url, **counts):
    artifact = compile_source(source, name="prepared", target=engine_of(url))
    report = verify(artifact, model, url=url, **counts)
    assert report.ok, report.describe()
    return report


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("kind", ["linear", "tree"])
def test_a_database_scores_what_a_transformer_made(name, kind, shared_database_url) -> None:
    model = fitted(name, kind)
    source = read_model(model)
    assert source.exact == (kind == "tree" and name in EXACT)
    report = assert_parity(model, source, shared_database_url, probes=250, random=60)
    assert report.refused + report.out_of_range < report.rows - 10


@pytest.mark.parametrize("classes", [2, 3])
def test_a_database_scores_target_encoded_text(classes, shared_database_url) -> None:
    model = target_encoded(classes)
    assert_parity(model, read_model(model), shared_database_url, random=60)
