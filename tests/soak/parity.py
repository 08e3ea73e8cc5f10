"""Every kind of model against every database on 5,000 random rows; run by scripts/soak only.

The file's name keeps it out of the usual run, which does the same with fewer rows. The table that
it ends with is the one in docs/parity.md.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict

import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.verify import verify
from tests.every_zoo import FAMILIES

RANDOM_ROWS = 5_000
CASES = [
    pytest.param(family, name, id=f"{family}: {name}")
    for family, models in FAMILIES.items()
    for name in models
]


@pytest.fixture(scope="module")
def outcomes():
    """Reports by engine and family; the table is written at the end."""
    found = defaultdict(list)
    yield found
    titles = "engine", "family", "models", "rows", "refused", "wrong", "minutes"
    lines = [titles, ["---"] * len(titles)]
    lines += [[*key, *summed(reports)] for key, reports in sorted(found.items())]
    sys.__stdout__.write("\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")


def summed(reports):
    rows = sum(report.rows for report, _ in reports)
    refused = sum(report.refused for report, _ in reports)
    wrong = sum(len(report.mismatches) for report, _ in reports)
    minutes = sum(seconds for _, seconds in reports) / 60
    return f"{len(reports)}", f"{rows:,}", f"{refused:,}", f"{wrong:,}", f"{minutes:.1f}"


@pytest.mark.parametrize(("family", "name"), CASES)
def test_the_database_scores_5000_rows_as_python_does(
    family, name, shared_database_url, outcomes, capsys
):
    start = time.monotonic()
    model, inputs, types = FAMILIES[family][name]()
    engine = engine_of(shared_database_url)
    artifact = compile_model(model, name="zoo", target=engine, inputs=inputs, types=types)
    report = verify(artifact, model, url=shared_database_url, random=RANDOM_ROWS)
    outcomes[report.engine, family].append((report, time.monotonic() - start))
    line = (
        f"{report.engine:20} {family}: {name:40} {report.rows:7,} rows {len(report.mismatches)}"
        f" mismatches   refused {report.refused:6,}   undecided {report.undecided}"
        f"   {report.max_ulp} ULP   bound used {report.bound_used:.2f}"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{line}")
    assert report.ok, report.describe()
