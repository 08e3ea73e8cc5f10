"""The procedure of a batch commits, so it is called outside of any transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Connection

from procgen.artifacts.templates import render
from procgen.backends.postgres import identifier, literal
from procgen.databases.batching import Batch, Job, Progress
from procgen.ir.types import DType

if TYPE_CHECKING:
    from psycopg.errors import Diagnostic


def run_batch(connection: Connection, batch: Batch, progress: Progress) -> tuple[Job, ...]:
    """Call the procedure; its notices are the progress."""

    def notice(told: Diagnostic) -> None:
        progress(told.message_primary or "", 0, None)

    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the pool types it as Any
    before = driver.autocommit
    driver.autocommit = True
    driver.add_notice_handler(notice)
    try:
        (started,) = _one(driver, "SELECT clock_timestamp()::text")
        driver.execute(_call(batch).encode())
        rows = driver.execute(_jobs(batch, str(started)).encode()).fetchall()
    finally:
        driver.remove_notice_handler(notice)
        driver.autocommit = before
    return tuple(Job(*row) for row in rows)


def _one(driver: psycopg.Connection[Any], query: str) -> Any:
    return driver.execute(query.encode()).fetchone()


def _call(batch: Batch) -> str:
    return render(
        "postgres",
        "score_call",
        routine=f"{identifier(batch.schema)}.{identifier(batch.attachment.name)}",
        since=literal(batch.since, DType.TEXT),
        chunk=batch.chunk,
    )


def _jobs(batch: Batch, started: str) -> str:
    return render(
        "postgres",
        "score_jobs",
        routine=literal(batch.routine, DType.TEXT),
        started=literal(started, DType.TEXT),
    )
