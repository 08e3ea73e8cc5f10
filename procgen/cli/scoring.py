"""The demo's table in the database, and the query that scores it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from procgen.databases.database import Database
from procgen.databases.opening import engine_of
from procgen.frontends.samples import Rows
from procgen.ir.types import Field

TABLE = "demo.patients"
STAGED = "procgen_demo_patients"
FIND = """\
SELECT count(*) FROM information_schema.tables
WHERE table_schema = 'demo' AND table_name = 'patients'"""
CREATE = """\
CREATE SCHEMA IF NOT EXISTS demo;
CREATE TABLE demo.patients AS
SELECT procgen_row + 1 AS id, age, sex, weight, bmi, blood_pressure, log_triglycerides, blood_sugar
FROM procgen_demo_patients;
"""
QUERY = """\
SELECT id, age, weight, bmi,
       ml.progression_v{version}(age, sex, weight, bmi,
           blood_pressure, log_triglycerides, blood_sugar) AS progression,
       ml.progression_v{version}_proba(age, sex, weight, bmi,
           blood_pressure, log_triglycerides, blood_sugar) AS p_slow
FROM demo.patients
ORDER BY id
LIMIT 5"""
SUMMARY = """\
SELECT weight,
       ml.progression_v{version}(age, sex, weight, bmi,
           blood_pressure, log_triglycerides, blood_sugar) AS progression,
       count(*) AS patients
FROM demo.patients
GROUP BY 1, 2
ORDER BY 1, 2"""


def load_patients(database: Database, fields: Sequence[Field], rows: Rows) -> bool:
    """Make the table unless it is there already; whether it was made.

    A table of that name may be the user's own, so it is never replaced.
    """
    with database.transaction():
        if database.fetch(FIND)[0][0]:
            return False
        database.load_rows(STAGED, fields, rows)
        database.run_script(CREATE, source="the demo's table")
        return True


def scoring_query(version: int) -> str:
    """The first patients and their scores."""
    return QUERY.format(version=version)


def summary_query(version: int) -> str:
    """A query that a user may go on from."""
    return SUMMARY.format(version=version)


def run_command(script: Path, url: str) -> str:
    """How to run a script with what is installed, from the shell."""
    if engine_of(url) == "postgres":
        return f"psql YOUR_URL -f {script}"
    file = url.partition(":///")[2]
    code = f"import duckdb; print(duckdb.connect('{file}').sql(open('{script}').read()))"
    return f'{sys.executable} -c "{code}"'


def scored_patients(database: Database, version: int) -> list[tuple[str, ...]]:
    """What the query answers, as text, under the names of its columns."""
    with database.rehearsal():
        rows = database.fetch(scoring_query(version))
    names = ("id", "age", "weight", "bmi", "progression", "p_slow")
    return [names, *(tuple(_text(value) for value in row) for row in rows)]


def _text(value: object) -> str:
    return "NULL" if value is None else str(value)
