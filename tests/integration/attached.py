"""A table of customers on each engine, and a model over two of its columns."""

from __future__ import annotations

from tests.integration.teams import Team

TABLE = {
    "postgres": """
CREATE SCHEMA app;
CREATE TABLE app.customers (id integer PRIMARY KEY, age double precision, "In""come" integer,
    note text, score double precision, changed timestamptz NOT NULL DEFAULT now());
""",
    "duckdb": """
CREATE SCHEMA app;
CREATE TABLE app.customers (id INTEGER PRIMARY KEY, age DOUBLE, "In""come" INTEGER,
    note VARCHAR, score DOUBLE, changed TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())));
""",
}
INPUTS = ("age", "income")
MAPPED = ("--map", 'income=In"come')
ATTACH = ("attach", "churn", "--table", "app.customers", "--key", "id", *MAPPED)
PREDICTIONS = "SELECT id, version, prediction FROM ml.churn_predictions ORDER BY 1, 2"


def customers(team: Team, *factors: float) -> Team:
    """Versions of these factors, the last one the champion, and an empty table of customers."""
    for factor in factors or (2.0,):
        version = team.compile(factor, inputs=INPUTS)
        team.write("promote", "churn", f"v{version}")
    team.execute(TABLE[team.engine])
    team.ok("apply")
    return team


def attach(team: Team, form: str, *words: object) -> str:
    """Attach, apply, and what apply said."""
    code, out, err = team.on(*ATTACH, "--as", form, *words)
    assert code == 0, out + err
    return team.ok("apply")


def insert(team: Team, *rows: tuple[int, float | None, int]) -> None:
    values = ", ".join(
        f"({key}, {'NULL' if age is None else repr(age)}, {income})" for key, age, income in rows
    )
    team.execute(f'INSERT INTO app.customers (id, age, "In""come") VALUES {values};')
