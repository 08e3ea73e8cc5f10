"""DuckDB in a process of its own, which can be killed: planning there heeds no interrupt."""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import duckdb


class WorkerError(Exception):
    """What DuckDB said, or that the process is no more."""


def serve(pipe: Connection, threads: int) -> None:
    """Answer statements until the pipe is closed: with rows, or with the text of an error."""
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET enable_progress_bar = false")
    while True:
        try:
            statement, parameters, repeats = pipe.recv()
        except EOFError:
            return
        try:
            for _ in range(repeats):
                found = connection.execute(statement, parameters).fetchall()
            pipe.send((True, found))
        except duckdb.Error as error:
            pipe.send((False, f"{type(error).__name__}: {error}"))


@dataclass(frozen=True, slots=True)
class Worker:
    """The other end of the pipe."""

    process: BaseProcess
    pipe: Connection

    @classmethod
    def start(cls, threads: int = 1) -> Worker:
        """A new process with an empty database in memory."""
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, threads), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def run(self, statement: str, parameters: Sequence[Any] = (), repeats: int = 1) -> list[Any]:
        """Execute a statement, and fetch.

        Raises:
            WorkerError: DuckDB refuses it, or the process was killed.
        """
        try:
            self.pipe.send((statement, list(parameters), repeats))
            fine, found = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerError("the process is gone") from error
        if not fine:
            raise WorkerError(found)
        return found  # type: ignore[no-any-return]

    def load(self, name: str, path: Path) -> None:
        """A table with what a file holds."""
        self.run(f"CREATE OR REPLACE TABLE {name} AS FROM '{path}'")

    @property
    def pid(self) -> int:
        """Of the process."""
        return self.process.pid or 0

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def close(self) -> None:
        """End it."""
        self.pipe.close()
        self.process.join(timeout=1)
        self.process.kill()
        self.process.join()
