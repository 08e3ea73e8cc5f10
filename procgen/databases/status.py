"""How the files of a checkout and the history of a database stand to each other."""

from __future__ import annotations

from collections.abc import Mapping

from procgen.databases.database import Database
from procgen.databases.history import read_events, read_model_certificates
from procgen.databases.report import Certificate
from procgen.migrations.plan import Plan, make_plan
from procgen.migrations.project import Project


def status(project: Project, database: Database) -> Plan:
    """The state of every migration that a file or the history names; nothing is changed."""
    with database.rehearsal():
        events = read_events(database)
    return make_plan(project.migrations(database.engine), events)


def read_certificates(database: Database) -> Mapping[str, Certificate]:
    """What the parity gate answered when each version was applied, by migration."""
    with database.rehearsal():
        return read_model_certificates(database)
