"""The certificate of a migration: its new routines answer as Python did when it was compiled."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

from procgen.backends import dialect_named
from procgen.backends.rows import rows_macro
from procgen.databases.database import Database
from procgen.databases.report import Certificate, Gate
from procgen.errors import CoverageError, ProjectError
from procgen.ir.program import Program
from procgen.migrations.header import ModelVersion
from procgen.migrations.migration import Migration
from procgen.migrations.models import ModelRecord, model_path, read_model
from procgen.migrations.project import Project
from procgen.migrations.resources import TOOL
from procgen.passes import lower
from procgen.verify.cases import Cases, parse_cases
from procgen.verify.compare import Judge
from procgen.verify.measured import Counts, counts_of
from procgen.verify.parity import database_report, require_parity
from procgen.verify.report import ParityReport
from procgen.verify.scoring import routine_writer, score, score_rows
from procgen.verify.tally import numbered


def case_gate(project: Project, floor: float = 1.0) -> Gate:
    """The gate of a project: each create migration is asked about its version's parity cases.

    It raises ParityError where an answer differs, CoverageError where the cases reach less than
    `floor` of the reachable leaves, and ProjectError or CorruptFileError where the files of the
    version cannot be read.
    """

    def gate(migration: Migration, database: Database) -> Certificate | None:
        version = migration.header.model
        if version is None:
            return None
        record, program = read_model(project, version)
        cases = read_cases(project, version, program)
        lowered = lower(program, dialect_named(database.engine).target)
        routine = f"{version.name}_v{version.version}"
        writer = routine_writer(lowered, database.engine, project.schema, routine)
        answers = score(database, writer, cases.rows), cases.answers
        rows = numbered(cases.rows)
        report = database_report(Judge(program), lowered, database.version, rows, answers)
        require_parity(report, f"{project.schema}.{routine} on {database.version}")
        if rows_macro(project.schema, routine) in migration.header.objects:
            answers = score_rows(database, writer, cases.rows), cases.answers
            again = database_report(Judge(program), lowered, database.version, rows, answers)
            require_parity(again, f"{project.schema}.{routine}_rows on {database.version}")
        counts = counts_of(program, cases, record.digest)
        require_coverage(counts, floor, f"{version.name} v{version.version}")
        return _certificate(report, counts, record, floor)

    return gate


def require_coverage(counts: Counts, floor: float, what: str) -> None:
    """Raise CoverageError unless enough of the reachable leaves are reached."""
    share = counts["share"]
    if share < floor:
        raise CoverageError(
            f"the cases of {what} reach {counts['reached']:,} of {counts['reachable']:,} reachable "
            f"leaves, {percent(share)} %, and {percent(floor)} % are demanded",
            hint=f"compile it again, or apply with --min-coverage {percent(share)}",
        )


def percent(share: float) -> str:
    """A share as a percentage that never rounds up to 100."""
    return f"{math.floor(share * 10_000) / 100:g}"


def _certificate(
    report: ParityReport, counts: Counts, record: ModelRecord, floor: float
) -> Certificate:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return (
        dict(report.certificate())
        | record.manner.as_json()
        | {
            "coverage": dict(counts),
            "min_coverage": floor,
            "digest": record.digest,
            "versions": record.provenance.get("versions", {}),
            "tool": TOOL,
            "tested_at": now.isoformat(),
        }
    )


def read_cases(project: Project, version: ModelVersion, program: Program) -> Cases:
    """The parity cases of a version.

    Raises:
        ProjectError: there is no such file.
        CorruptFileError: it holds other cases.
    """
    path = cases_path(project, version)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ProjectError(
            f"{path} does not exist", hint="restore it from git; apply checks a version against it"
        ) from None
    return parse_cases(program, content, str(path))


def cases_path(project: Project, version: ModelVersion) -> Path:
    """The file of a version's parity cases."""
    return model_path(project, version.name, version.version).with_suffix(".cases.parquet")
