"""Every transformer, before a linear model and before a tree, in every database as in Python."""

from __future__ import annotations

import pytest

from procgen.compiler import compile_source
from procgen.databases.opening import engine_of
from procgen.frontends import read_model
from procgen.verify import verify
from tests.preparing_zoo import EXACT, KINDS, PREPARED, ZOO, fitted

PROBES = 250


@pytest.mark.parametrize("name", PREPARED)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_exact_where_it_is_a_tree_of_exact_columns(name, kind) -> None:
    source = read_model(fitted(f"{name}, {kind}"))
    assert source.exact == (kind == "tree" and name in EXACT)


@pytest.mark.parametrize("name", ZOO)
def test_a_database_scores_what_a_transformer_made(name, shared_database_url) -> None:
    model = fitted(name)
    engine = engine_of(shared_database_url)
    artifact = compile_source(read_model(model), name="prepared", target=engine)
    report = verify(artifact, model, url=shared_database_url, probes=PROBES, random=60)
    assert report.ok, report.describe()
    assert report.refused + report.out_of_range < report.rows - 10
