"""Python, the interpreter and a database answer the same rows, and the answers are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from procgen.artifacts.artifact import Artifact
from procgen.backends.rows import rows_macro
from procgen.databases.database import Database
from procgen.databases.opening import open_database
from procgen.errors import DatabaseError, InputsError, ParityError
from procgen.frontends import Source
from procgen.ir.interpreter import Row, interpret
from procgen.ir.program import Program
from procgen.ir.trees import depth
from procgen.ir.types import Scalar
from procgen.ir.walk import descend, expressions, trees_of
from procgen.verify.cases import Cases
from procgen.verify.compare import Judge
from procgen.verify.expected import answerable, expected_answers
from procgen.verify.kernel_scores import kernel_scores
from procgen.verify.probes import PROBES, in_type, make_probes, random_rows
from procgen.verify.report import ParityReport
from procgen.verify.scoring import install, routine_writer, score, score_rows
from procgen.verify.tally import Columns, Rows, Tally, numbered

MEMORY = "duckdb:///:memory:"
RANDOM_ROWS = 1_000
VISITS = 1_000_000
"""Nodes of trees and expressions that the interpreter may visit: a second or two.

The database sees every row.
"""


def verify(
    artifact: Artifact,
    model: Any,
    *,
    url: str | None = None,
    rows: Sequence[Mapping[str, Scalar]] = (),
    probes: int = PROBES,
    random: int = RANDOM_ROWS,
) -> ParityReport:
    """Compare the routines of a database with the model itself.

    The routines that are there are asked; where there are none they are created first. All of it
    is inside a transaction that is rolled back.

    Args:
        artifact: what was compiled.
        model: the fitted model that it was compiled from.
        url: the database; without it, DuckDB in memory.
        rows: more rows to compare, beside those at the model's decisions.
        probes: about how many rows stand at the model's decisions; a large model has more of them
            than that, and the report says how many were left out.
        random: how many random rows are added.

    Raises:
        DatabaseError: the database cannot be reached, or is not the artifact's target.
        InputsError: a row lacks a column.
    """
    if url is None and artifact.target != "duckdb":
        raise DatabaseError(
            f"{artifact.name} v{artifact.version} is for {artifact.target}", hint="give its url"
        )
    question = _question(artifact, model, rows, (probes, random))
    with open_database(url or MEMORY) as database, database.rehearsal():
        return question.ask(database)


@dataclass(frozen=True, slots=True)
class Question:
    """Rows, and what Python answers to them."""

    artifact: Artifact
    rows: list[Row]
    left_out: int
    want: Columns

    def ask(self, database: Database) -> ParityReport:
        """Ask the interpreter and, in the open transaction, the database."""
        program, lowered = self.artifact.program, self.artifact.lowered
        some = _interpreted(program, self.rows)
        tally = Tally(Judge(program), lowered)
        tally.add_interpreter(some, _interpret(program, some), _only(self.want, some))
        routine = f"{self.artifact.name}_v{self.artifact.version}"
        writer = routine_writer(lowered, self.artifact.target, self.artifact.schema, routine)
        install(database, self.artifact, writer)
        got = score(database, writer, self.rows)
        tally.add_database(numbered(self.rows), got, self.want)
        tally.add_lowered(some, _only(got, some), _interpret(lowered, some))
        if rows_macro(self.artifact.schema, routine) in self.artifact.objects:
            tally.add_same(numbered(self.rows), score_rows(database, writer, self.rows), got)
        return report_of(
            tally,
            database.version,
            len(self.rows),
            interpreted=len(some),
            left_out=self.left_out,
        )


def _question(
    artifact: Artifact,
    model: Any,
    rows: Sequence[Mapping[str, Scalar]],
    counts: tuple[int, int],
) -> Question:
    probes, random = counts
    made = make_probes(artifact.lowered, limit=probes)
    every = [
        *typed_rows(artifact.program, rows),
        *made.rows,
        *random_rows(artifact.lowered, random),
    ]
    every = answerable(artifact.program, every)
    want = expected_answers(artifact.program, model, every)
    return Question(artifact, every, made.left_out, want)


def check_answers(source: Source, cases: Cases) -> ParityReport:
    """Compare the Program itself with Python's answers; no database is needed.

    The interpreter answers as many rows as it gets through; the kernel answers all of them where
    those are not all.

    Raises:
        ParityError: they differ; the first rows are named.
    """
    program, rows = source.program, cases.rows
    tally = Tally(Judge(program), program)
    some = _interpreted(program, rows)
    tally.add_interpreter(some, _interpret(program, some), _only(cases.answers, some))
    if len(some) < len(rows):
        tally.add_interpreter(numbered(rows), kernel_scores(program, rows), cases.answers)
    report = report_of(tally, "", len(rows), interpreted=len(some), left_out=0)
    require_parity(report, f"the compiled {source.class_names[0].rpartition('.')[2]}")
    return report


def require_parity(report: ParityReport, what: str) -> None:
    """Raise ParityError, with the first mismatch, unless there is none."""
    if not report.ok:
        raise ParityError(
            f"{what} does not answer as Python does: {report}, first {report.mismatches[0]}",
            hint="nothing was kept; report the model's class and its library's version",
        )


def database_report(
    judge: Judge,
    lowered: Program,
    engine: str,
    rows: Rows,
    answers: tuple[Columns, Columns],
    *,
    left_out: int = 0,
) -> ParityReport:
    """How a database's answers compare with Python's.

    Args:
        judge: of the Program as it was compiled.
        lowered: the Program as it runs.
        engine: the database's name and version.
        rows: by their numbers.
        answers: the database's, and Python's.
        left_out: rows that were not asked.
    """
    got, want = answers
    tally = Tally(judge, lowered)
    tally.add_database(rows, got, want)
    return report_of(tally, engine, len(rows), interpreted=0, left_out=left_out)


def report_of(
    tally: Tally, engine: str, rows: int, *, interpreted: int, left_out: int
) -> ParityReport:
    """A tally as a report."""
    return ParityReport(
        engine=engine,
        rows=rows,
        interpreted=interpreted,
        left_out=left_out,
        refused=tally.refused,
        out_of_range=tally.out_of_range,
        undecided=tally.undecided,
        overflowed=tally.overflowed,
        max_ulp=tally.max_ulp,
        bound_used=tally.bound_used,
        mismatches=tuple(tally.mismatches.values()),
    )


def typed_rows(program: Program, rows: Sequence[Mapping[str, Scalar]]) -> list[Row]:
    """The rows as columns of the inputs' types hold them.

    Raises:
        InputsError: a row lacks a column.
    """
    typed: list[Row] = []
    for place, row in enumerate(rows):
        for field in program.inputs:
            if field.name not in row:
                raise InputsError(f"row {place} has no {field.name!r}", hint="give every input")
        typed.append({f.name: in_type(row[f.name], f.dtype) for f in program.inputs})
    return typed


def _interpreted(program: Program, rows: Sequence[Row]) -> Rows:
    """As many rows as the interpreter gets through, evenly spread."""
    visits = sum(1 for outer in expressions(program) for _ in descend(outer))
    visits += sum(depth(tree) + 1 for tree in trees_of(program))
    count = min(len(rows), max(VISITS // max(visits, 1), 1))
    numbers = (place * len(rows) // count for place in range(count))
    return {number: rows[number] for number in numbers}


def _interpret(program: Program, rows: Rows) -> Columns:
    return interpret(program, list(rows.values()))


def _only(scores: Columns, rows: Rows) -> Columns:
    return {name: [values[number] for number in rows] for name, values in scores.items()}
