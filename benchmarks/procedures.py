"""`CALL ml.NAME_score()`: the procedure that `procgen attach` makes, in a project of its own."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib

from benchmarks.compiled import part
from benchmarks.models import COLUMNS, Subject
from benchmarks.servers import WITHOUT_NUMBA, Server
from benchmarks.ways import Ready, Role, Way
from procgen.cli import main
from procgen.errors import ProcgenError

LANGUAGES = {"linear": "sql", "lgb100": "plpython", "lgb500": "plpython"}
"""Models that are attached, and what they are compiled to."""


def ways(subject: Subject, server: Server, against: str) -> Iterator[Way]:
    """It writes more than the others: key, model, version, digest and time, and it commits."""
    language = LANGUAGES.get(subject.key)
    if language is not None and (language == "sql" or server.has_python):
        prepare = partial(_attached, subject, server, language)
        yield Way("procedure", server.name, Role.OURS, against, prepare)


def _attached(subject: Subject, server: Server, language: str, stack: ExitStack) -> Ready:
    name, source = f"{subject.key}_job", f"{subject.key}_source"
    connection = server.session(stack)
    if server.has_python:
        connection.execute(WITHOUT_NUMBA)  # a job of one call has no use for it
    # Another project has written its history here: this one begins with an empty database.
    connection.execute("DROP SCHEMA procgen CASCADE; CREATE SCHEMA procgen")
    connection.execute(f"DROP TABLE IF EXISTS {source}")
    connection.execute(f"CREATE TABLE {source} (LIKE rows INCLUDING ALL)")
    _project(subject, name, server.url, f"public.{source}", language)
    predictions = f"ml.{name}_predictions"

    def fill(query: str) -> None:
        connection.execute(f"TRUNCATE {predictions}, {source}")
        connection.execute("DELETE FROM procgen.jobs")
        connection.execute(f"INSERT INTO {source} {query}")
        connection.execute(f"ANALYZE {source}")

    def score(_: int = 0) -> None:
        connection.execute(f"CALL ml.{name}_score()")

    def answers(rows: range) -> list[float | None]:
        fill(part(rows))
        score()
        found = connection.execute(f"SELECT prediction FROM {predictions} ORDER BY id")
        return [one for (one,) in found.fetchall()]

    return Ready(
        score,
        answers,
        (connection.info.backend_pid,),
        connection.cancel,
        arrange=lambda count: fill(f"SELECT * FROM rows WHERE id < {count}"),
    )


def _project(subject: Subject, name: str, url: str, table: str, language: str) -> None:
    """The commands that a user gives."""
    with TemporaryDirectory(prefix="procgen-benchmark-") as own:
        folder = Path(own) / "project"
        _run("init", str(folder))
        model, inputs = folder / "model.joblib", folder / "inputs.json"
        joblib.dump(subject.model, model)
        inputs.write_text(json.dumps(COLUMNS))
        here, there = ("-C", str(folder)), ("--url", url, "-C", str(folder))
        given = ("--inputs", str(inputs), "--trust", "--language", language)
        _run("compile", str(model), "--name", name, "--target", "postgres", *given, *here)
        _run("promote", name, "v1", "--target", "postgres", *here)
        _run("apply", *there)
        _run("attach", name, "--table", table, "--key", "id", "--as", "procedure", *there)
        _run("apply", *there)


def _run(*words: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(list(words))
    if code != 0:
        raise ProcgenError(f"procgen {words[0]}: {said.getvalue().strip()}")
