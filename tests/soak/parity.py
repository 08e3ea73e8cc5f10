"""Every kind of model against every database on 10,000 random rows; run by scripts/soak only.

The file's name keeps it out of the usual run, which does the same with fewer rows.
"""

from __future__ import annotations

import sys

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.models_zoo import ZOO, fitted

RANDOM_ROWS = 10_000


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_ten_thousand_rows_as_python_does(name, shared_database_url, capsys):
    model, types = fitted(name)
    artifact = compile_model(model, name="zoo", target=engine_of(shared_database_url), types=types)
    report = verify(artifact, model, url=shared_database_url, random=RANDOM_ROWS)
    line = (
        f"{report.engine:20} {name:40} {report.rows:7,} rows {len(report.mismatches)} mismatches"
        f"   refused {report.refused:6,}   {report.max_ulp} ULP"
        f"   bound used {report.bound_used:.2f}"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{line}")
    assert report.ok, report.describe()
