"""Models of every zoo score on DuckDB as Python does, by each lowering that they can have."""

from __future__ import annotations

import pytest

from procgen.backends.duckdb_lowerings import Use, lowerings
from procgen.backends.lowering import Lowering
from procgen.compiler import compile_model
from procgen.verify.parity import verify
from tests.every_zoo import FAMILIES
from tests.forced import forced

EVERY = 12
"""Of the models in a family one in so many; `scripts/soak` has time for all of them."""
MODELS = [
    pytest.param(make, id=f"{family}: {name}")
    for family, models in FAMILIES.items()
    for name, make in list(models.items())[::EVERY]
]


@pytest.mark.duckdb
@pytest.mark.parametrize("make", MODELS)
def test_a_forced_lowering_scores_as_python_does(make):
    case = make()

    def compiled():
        return compile_model(
            case.model, name="zoo", target="duckdb", inputs=case.inputs, types=case.types
        )

    # What is one CASE is asked by every other test of a model.
    for lowering in lowerings(compiled().lowered, Use.ROWS).keys() - {Lowering.EXPRESSION}:
        with forced(lowering):
            report = verify(compiled(), case.model, probes=150, random=50)
        assert report.ok, (lowering, report)
