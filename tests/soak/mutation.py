"""Every mutant of models of all families, not a sample; run by scripts/soak only.

It prints a line a model. A change that no case notices and nothing proves hidden fails its test.
"""

from __future__ import annotations

import sys

import pytest

from procgen.databases.opening import open_database
from procgen.verify.coverage import measure
from procgen.verify.mutants import LIMIT
from procgen.verify.mutation import mutate
from tests.integration.test_mutation import MODELS, SMALL, cases_of, read, small

LARGER = (
    ("scikit-learn", "HistGradientBoosting-categories"),
    ("scikit-learn", "HistGradientBoosting-numbers-as-categories"),
    ("interpret, statsmodels, glum", "ebm regression"),
    ("models of models", "bagged regression trees"),
    ("models of models", "isolation forest"),
    ("models of models", "adaboost regressor linear"),
)
"""Models that the usual run leaves out, because they are large or not all is known of them."""


@pytest.mark.parametrize("name", SMALL)
def test_every_mutant_of_a_small_model_is_accounted_for(name, capsys):
    account(name, *small(name), capsys)


@pytest.mark.parametrize(("family", "name"), [*MODELS, *LARGER])
def test_every_mutant_is_accounted_for(family, name, capsys):
    account(name, *read(family, name), capsys)


def account(name, model, program, capsys):
    lowered, cases = cases_of(model, program, "duckdb")
    coverage = measure(lowered, cases.rows)
    with open_database("duckdb:///:memory:") as database:
        report = mutate(database, program, cases, limit=LIMIT)
    open_ones = [one for one in report.survived if one.proof is None]
    line = (
        f"{name:45} {len(cases.rows):6,} cases {coverage.reached:6,} of {coverage.reachable:6,} "
        f"leaves {report.total:6,} mutants {report.killed:6,} killed {report.equivalent:5,} proven "
        f"hidden {len(open_ones):4,} open"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{line}")
    assert open_ones == []
    assert (coverage.missed, coverage.missed_sides) == ((), ())
