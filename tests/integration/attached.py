"""A table of customers on each engine, and a model over two of its columns."""

from __future__ import annotations

import psycopg

from procgen.compiler import compile_source
from procgen.frontends import Source
from procgen.ir.expressions import Column, Interval
from procgen.ir.program import Action, OutputName, Program, Requirement
from procgen.migrations.create import create_files
from procgen.migrations.writing import FileSet, joined, write_files
from procgen.verify.cases import Cases, print_cases
from tests.integration.teams import Team, linear

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


OLDEST = 150.0


def strict(factor: float) -> Program:
    """The same, but it raises an error for an age beyond `OLDEST`."""
    program = linear(factor, inputs=INPUTS)
    young = Requirement(
        Column("age"),
        Interval(0.0, OLDEST),
        accepts_missing=True,
        reason="beyond 150",
        action=Action.ERROR,
    )
    return Program(program.inputs, (young,), program.bindings, program.outputs)


def add_version(team: Team, program: Program, answer: float, language: str = "sql") -> int:
    """The next version of churn, from a program; one row of ones is its parity case."""
    version = team.versions["churn"] = team.versions.get("churn", 0) + 1
    source = Source(program, ("tests.Strict",), {}, (), exact=True)
    roles = team.project.roles or ("PUBLIC",)
    artifact = compile_source(
        source,
        name="churn",
        target=team.engine,
        version=version,
        roles=roles,
        language=language,
    )
    row = dict.fromkeys(INPUTS, 1.0)
    cases = print_cases(program, Cases([row], {OutputName.PREDICT: [answer]}))
    path = team.root / "models" / f"churn_v{version}.cases.parquet"
    spoken = {} if language == "sql" else {"language": language}
    files = create_files(team.project, artifact, spoken)
    write_files(joined([files, FileSet(((path, cases),))]))
    return version


def strict_customers(team: Team, language: str = "sql") -> Team:
    """The table, and a champion that raises an error for some rows."""
    if language == "plpython":
        team.execute("CREATE EXTENSION plpython3u;")
    version = add_version(team, strict(2.0), 3.0, language)
    team.write("promote", "churn", f"v{version}")
    team.execute(TABLE[team.engine])
    team.ok("apply")
    return team


def copy(team: Team, *rows: tuple[object, ...]) -> None:
    """Rows into a PostgreSQL table by COPY."""
    with psycopg.connect(team.url) as connection, connection.cursor() as cursor:
        statement = 'COPY app.customers (id, age, "In""come") FROM STDIN'
        with cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)
