"""DuckDB has no procedures: the chunks of a batch are statements over its table macro."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from procgen.artifacts.attached import Scorer
from procgen.artifacts.templates import render
from procgen.backends.duckdb import DUCKDB, identifier, literal
from procgen.databases.batching import Batch, Job, Progress
from procgen.errors import DatabaseError
from procgen.ir.types import DType

if TYPE_CHECKING:
    from procgen.databases.database import Database


def run_batch(database: Database, batch: Batch, progress: Progress) -> tuple[Job, ...]:
    """Score every version's rows; each chunk and its job commit together."""
    if batch.since is not None and batch.attachment.changed is None:
        raise DatabaseError(
            f"{batch.routine} does not know when a row of {batch.attachment.source} was changed",
            hint="attach it with --changed COLUMN, or leave --since out",
        )
    return tuple(_Run(database, batch, one, progress).run() for one in batch.scorers)


@dataclass(slots=True)
class _Run:
    """The chunks of one version."""

    database: Database
    batch: Batch
    scorer: Scorer
    progress: Progress
    job: int = 0
    mark: tuple[str, ...] | None = None
    scored: int = 0

    def run(self) -> Job:
        """Take the job up, or begin one, and finish it."""
        with self.database.transaction():
            self._take_up()
            left = int(self._run("left")[0][0])
        done, found = 0, self.batch.chunk
        while found == self.batch.chunk:
            with self.database.transaction():
                found = self._chunk()
            done += found
            told = f"{self.scorer.model} v{self.scorer.version}: {self.scored:,} rows"
            self.progress(told, done, left)
        return Job(self.scorer.model, self.scorer.version, self.scored, 0)

    def _take_up(self) -> None:
        self._run("replace")
        found = self._run("find") or self._run("begin")
        self.job, self.mark, self.scored = found[0]

    def _chunk(self) -> int:
        self._run("chunk")
        self._run("write")
        last = self._run("last")
        found = int(last[0][0]) if last else 0
        self.mark = last[0][1] if last else self.mark
        self.scored += found
        state = "running" if found == self.batch.chunk else "done"
        self._run("end", found=found, state=_text(state), watermark=self._watermark())
        return found

    def _watermark(self) -> str:
        if self.mark is None:
            return "NULL"
        return "[" + ", ".join(_text(part) for part in self.mark) + "]"

    def _run(self, step: str, **values: object) -> list[tuple[Any, ...]]:
        return self.database.fetch(self._statement(step, **values))

    def _statement(self, step: str, **values: object) -> str:
        batch, one = self.batch, self.batch.attachment
        since = "NULL" if batch.since is None else _text(batch.since)
        return render(
            "duckdb",
            "score_job",
            step=step,
            routine=_text(batch.routine),
            name=f"{identifier(batch.schema)}.{identifier(one.name)}",
            into=f"{identifier(batch.schema)}.{identifier(one.into or '')}",
            scorers=[(_text(other.model), other.version) for other in batch.scorers],
            model=_text(self.scorer.model),
            version=self.scorer.version,
            source=_text(str(one.source)),
            source_table=one.source.quoted(DUCKDB),
            changed=None if one.changed is None else identifier(one.changed),
            since=since,
            since_moment=None if batch.since is None else f"CAST({since} AS TIMESTAMP)",
            chunk=batch.chunk,
            job=self.job,
            keys=[identifier(key.name) for key in one.key],
            marks=[
                f"CAST({_text(part)} AS {key.type})"
                for part, key in zip(self.mark or (), one.key, strict=False)
            ],
            **values,
        )


def _text(value: str) -> str:
    return literal(value, DType.TEXT)
