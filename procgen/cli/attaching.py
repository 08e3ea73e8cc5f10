"""`procgen attach`: the migration that puts a model on a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procgen.artifacts.attachment import Form, OnError
from procgen.artifacts.tables import TableShape, parse_table_name
from procgen.backends import dialect_named
from procgen.cli.console import say
from procgen.cli.listing import say_written
from procgen.cli.options import AsJson, Environment, Folder, Url
from procgen.cli.targets import OneEngine, one_engine
from procgen.databases.opening import engine_of, open_database
from procgen.databases.tables import has_scheduler, read_table
from procgen.ir.program import OutputName
from procgen.migrations.attaching import attach_files
from procgen.migrations.fitting import Wanted
from procgen.migrations.layout import serving_files
from procgen.migrations.project import Project, load_project
from procgen.migrations.shapes import read_shape
from procgen.migrations.writing import write_in_turn

EXAMPLE = "Example: procgen attach churn --table app.customers --key id --as trigger --env prod"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, as in ml.NAME.")]
Table = Annotated[str, typer.Option("--table", metavar="TABLE", help="As in SQL: app.customers.")]
Key = Annotated[
    list[str], typer.Option("--key", metavar="COLUMN", help="A column of its key; once for each.")
]
As = Annotated[Form, typer.Option("--as", help="What to make.")]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="TABLE", help="The predictions table; ml.NAME_predictions."),
]
IntoColumn = Annotated[
    str | None,
    typer.Option("--into-column", metavar="COLUMN", help="A row trigger that fills this column."),
]
Error = Annotated[
    OnError, typer.Option("--on-error", help="What becomes of a row that cannot be scored.")
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="INPUT=COLUMN", help="Where a column has another name."),
]
With = Annotated[
    str | None, typer.Option("--with", metavar="proba,margin", help="Beside the prediction.")
]
Changed = Annotated[
    str | None,
    typer.Option("--changed", metavar="COLUMN", help="When a row was changed, for a procedure."),
]
Schedule = Annotated[
    str | None, typer.Option("--at", metavar="CRON", help="When, as in '0 2 * * *'.")
]
Named = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Of what is made; else chosen.")
]
Columns = Annotated[
    Path | None,
    typer.Option("--columns", metavar="FILE", help="The table's columns as JSON; no database."),
]


def attach(  # noqa: PLR0913 - an option is a parameter
    *,
    name: Name,
    table: Table,
    key: Key,
    form: As,
    into: Into = None,
    into_column: IntoColumn = None,
    on_error: Error = OnError.ABORT,
    mapped: Mapped = None,
    outputs: With = None,
    changed: Changed = None,
    schedule: Schedule = None,
    called: Named = None,
    columns: Columns = None,
    target: OneEngine = None,
    url: Url = None,
    env: Environment = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the migration that scores a table where its rows are. The database is only read.

    A trigger scores rows as they arrive, a procedure scores what is not scored yet, a view scores
    when it is read, a column is stored, and a schedule calls the procedure.
    """
    project = load_project(folder)
    if (schedule is not None) != (form is Form.SCHEDULE):
        raise typer.BadParameter("--as schedule and --at go together")
    engine, shape, scheduler = _shape(project, table, columns, target, url, env)
    wanted = Wanted(
        facade=name,
        form=form,
        key=tuple(key),
        columns=_mapping(mapped or []),
        name=called,
        into=_into(project, into),
        into_column=into_column,
        outputs=_outputs(outputs),
        on_error=on_error,
        changed=changed,
        schedule=schedule,
    )
    if form is Form.SCHEDULE and not scheduler:
        _say_schedule(project, wanted, shape, env or engine)
        return
    written = write_in_turn(
        (
            lambda: serving_files(project, engine),
            lambda: attach_files(project, engine, wanted, shape),
        )
    )
    say_written(written, project.root, as_json=as_json)


def _shape(
    project: Project,
    table: str,
    columns: Path | None,
    target: str | None,
    url: str | None,
    env: str | None,
) -> tuple[str, TableShape, bool]:
    """The engine, the table as it is there, and whether that database has a scheduler."""
    if url is not None and env is not None:
        raise typer.BadParameter("--url and --env both name the database: give one of them")
    if columns is not None:
        engine = one_engine(project, target)
        shape = read_shape(columns, parse_table_name(table, dialect_named(engine)))
        return engine, shape, "scheduled jobs" in dialect_named(engine).abilities
    where = url if url is not None else project.url(env)
    engine = engine_of(where)
    if target not in (None, engine):
        raise typer.BadParameter(f"the database is {engine}, and --target is {target}")
    named = parse_table_name(table, dialect_named(engine))
    with open_database(where, read_only=True) as database, database.rehearsal():
        return engine, read_table(database, named), has_scheduler(database)


def _mapping(pairs: list[str]) -> dict[str, str]:
    found = [pair.partition("=") for pair in pairs]
    for one, equals, other in found:
        if not (one and equals and other):
            raise typer.BadParameter("--map is written like --map income=yearly_income")
    return {one: other for one, _, other in found}


def _into(project: Project, into: str | None) -> str | None:
    if into is None:
        return None
    schema, dot, name = into.rpartition(".")
    if dot and schema != project.schema:
        raise typer.BadParameter(f"--into is a table of the schema {project.schema}, not {schema}")
    return name


def _outputs(text: str | None) -> tuple[OutputName, ...]:
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    for word in words:
        if word not in (OutputName.PROBA, OutputName.MARGIN):
            raise typer.BadParameter(f"--with knows proba and margin, not {word!r}")
    return tuple(OutputName(word) for word in words)


def _say_schedule(project: Project, wanted: Wanted, shape: TableShape, env: str) -> None:
    """What to give to another scheduler, where the database has none."""
    folder = project.root.resolve()
    command = f"procgen score {wanted.facade} --table '{shape.name}' --env {env} -C '{folder}'"
    say("This database has no scheduler (PostgreSQL has pg_cron); nothing was written.")
    say("A line for crontab:")
    say(f"  {wanted.schedule} {command}")
    say("Or with systemd, as often as a timer says:")
    say(f"  systemd-run --user --on-calendar=daily {command}")
