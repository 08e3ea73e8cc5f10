"""Asks the routines of a database about the stored cases; needs neither model nor library."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from procgen.backends import dialect_named
from procgen.databases.applied import read_applied
from procgen.databases.database import Database
from procgen.errors import ProjectError
from procgen.ir.program import OutputName, Program
from procgen.migrations.facades import facade_states, model_states
from procgen.migrations.header import Kind, ModelVersion
from procgen.migrations.models import ModelRecord, read_model
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.passes import lower
from procgen.verify.attached import AttachedPath, attached_paths
from procgen.verify.blame import UNKNOWN, blame
from procgen.verify.cases import Cases
from procgen.verify.compare import Judge
from procgen.verify.coverage import Coverage, measure
from procgen.verify.gate import read_cases
from procgen.verify.mutation import mutate
from procgen.verify.outcome import EngineResult, Finding, PathResult, SuiteReport, Unasked
from procgen.verify.parity import database_report
from procgen.verify.planting import CannotBeAskedError
from procgen.verify.report import Mismatch
from procgen.verify.tally import Columns, numbered
from procgen.verify.ways import ScoringPath, path_names, scoring_paths

EXPLAINED = 25
"""Rows whose tree is looked for; a broken routine may get every row wrong."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The files of one version, read and complete."""

    project: Project
    version: ModelVersion
    record: ModelRecord
    program: Program
    cases: Cases

    @classmethod
    def of(cls, project: Project, version: ModelVersion) -> Suite:
        """Read the model file and the cases.

        Raises:
            ProjectError: one of them is not there.
            CorruptFileError: one of them is damaged.
        """
        record, program = read_model(project, version)
        return cls(project, version, record, program, read_cases(project, version, program))

    def coverage(self) -> Coverage:
        """What the cases reach of the trees."""
        return measure(self.program, self.cases.rows)

    def report(
        self, engines: Sequence[EngineResult], coverage: Coverage, floor: float
    ) -> SuiteReport:
        """The results of all databases together."""
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        parts = (
            self.version,
            self.project.schema,
            self.record,
            self.program,
            self.cases,
            coverage,
            floor,
        )
        return SuiteReport(*parts, tuple(engines), TOOL, now)


def live_paths(project: Project, database: Database) -> dict[ModelVersion, list[str]]:
    """The versions that a database has and that are not retired, and how each can be called."""
    applied = read_applied(project, database).migrations
    states = model_states(applied)
    live = [version for version, state in states.items() if state != "retired"]
    return {version: path_names(project.schema, version, applied) for version in live}


def find_live(
    project: Project, database: Database, name: str, number: int | None = None
) -> ModelVersion:
    """The version that is meant: of this number; else the champion; else the newest.

    Raises:
        ProjectError: the database does not have it.
    """
    applied = read_applied(project, database).migrations
    states = model_states(applied)
    live = {
        version.version: version
        for version, state in states.items()
        if version.name == name and state != "retired"
    }
    wanted = f"{name} v{number}" if number else name
    if not live or (number and number not in live):
        there = ", ".join(f"v{known}" for known in sorted(live)) or "no version of it"
        raise ProjectError(
            f"{wanted} is not applied to this database, which has {there}",
            hint="run `procgen status`, then `procgen apply`",
        )
    if number:
        return live[number]
    facade = facade_states(applied).get(name)
    served = [v for v in (facade.serves if facade else ()) if v.version in live]
    return served[-1] if served else live[max(live)]


def ask_database(suite: Suite, database: Database, only: str | None = None) -> EngineResult:
    """Ask every way to the version about every case; all of it is rolled back.

    Args:
        suite: the version and its cases.
        database: where.
        only: the name of one way.

    Raises:
        ProjectError: the database does not have the version.
        DatabaseError: a routine cannot be called.
    """
    applied = read_applied(suite.project, database)
    created = [
        one
        for one in applied.migrations
        if one.kind is Kind.CREATE and one.header.model == suite.version
    ]
    if not created:
        find_live(suite.project, database, suite.version.name, suite.version.version)
    lowered = lower(suite.program, dialect_named(database.engine).target)
    schema = suite.project.schema
    paths = scoring_paths(lowered, database.engine, schema, suite.version, applied.migrations)
    judge = Judge(suite.program)
    with database.rehearsal():
        results = tuple(
            ask_path(suite.cases, path, judge, lowered, database)
            for path in paths
            if only in (None, path.name)
        )
    attached = attached_paths(schema, suite.version, applied.migrations)
    event = applied.events[created[-1].id]
    return EngineResult(database.version, created[-1], event, results, attached)


def ask_attached(suite: Suite, database: Database, result: EngineResult) -> EngineResult:
    """Ask also what is attached: the cases become rows of its table, and are rolled back.

    Args:
        suite: the version and its cases.
        database: where; it is open for writing.
        result: what the version's own routines answered.

    Raises:
        DatabaseError: the rows cannot be scored, and that is not the table's doing.
    """
    lowered = lower(suite.program, dialect_named(database.engine).target)
    judge = Judge(suite.program)
    paths: list[PathResult] = []
    unasked: list[Unasked] = []
    for path in result.attached:
        try:
            with database.rehearsal():
                own = result.paths[0].got
                paths.append(_ask_table(suite, path, (judge, lowered), database, own))
        except CannotBeAskedError as error:
            unasked.append(Unasked(path.name, path.way, str(error)))
    return replace(result, paths=(*result.paths, *paths), unasked=tuple(unasked))


def _ask_table(
    suite: Suite,
    path: AttachedPath,
    judged: tuple[Judge, Program],
    database: Database,
    own: Columns,
) -> PathResult:
    """Ask one way; a score that it does not keep is the version's own, and is judged there."""
    started = time.monotonic()
    cases = suite.cases
    places, kept = path.answers(database, suite.program.inputs, cases.rows)
    seconds = time.monotonic() - started
    got = {**{name: [values[place] for place in places] for name, values in own.items()}, **kept}
    want = {name: [values[place] for place in places] for name, values in cases.answers.items()}
    rows = {place: cases.rows[place] for place in places}
    left_out = len(cases.rows) - len(places)
    parity = database_report(*judged, database.version, rows, (got, want), left_out=left_out)
    wrong = tuple(one for one in parity.mismatches if one.output in kept)
    findings = tuple(Finding(one, UNKNOWN) for one in wrong[:EXPLAINED])
    parity = replace(parity, mismatches=wrong)
    return PathResult(path.name, path.way, parity, kept, findings, seconds)


def ask_path(
    cases: Cases, path: ScoringPath, judge: Judge, lowered: Program, database: Database
) -> PathResult:
    """Ask one way, in the open transaction."""
    started = time.monotonic()
    got = path.answers(database, cases.rows)
    seconds = time.monotonic() - started
    answers = got, cases.answers
    parity = database_report(judge, lowered, database.version, numbered(cases.rows), answers)
    findings = explain(lowered, parity.mismatches, got)
    return PathResult(path.name, path.way, parity, got, findings, seconds)


def explain(lowered: Program, mismatches: Sequence[Mismatch], got: Columns) -> tuple[Finding, ...]:
    """The first mismatches, each with the tree that gave it."""
    known: dict[int, str] = {}
    margins = got.get(OutputName.MARGIN)
    findings = []
    for mismatch in mismatches[:EXPLAINED]:
        if mismatch.row not in known:
            margin = margins[mismatch.row] if margins is not None else None
            known[mismatch.row] = (
                UNKNOWN if margins is None else blame(lowered, mismatch.inputs, margin)
            )
        findings.append(Finding(mismatch, known[mismatch.row]))
    return tuple(findings)


def ask_mutants(suite: Suite, database: Database, result: EngineResult) -> EngineResult:
    """Break the routines one change at a time, and see which changes the cases notice."""
    schema = suite.project.schema
    mutation = mutate(database, suite.program, suite.cases, schema=schema)
    return replace(result, mutation=mutation)
