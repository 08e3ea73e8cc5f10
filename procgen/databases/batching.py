"""A batch: the rows of a table that a version has not scored yet, chunk by chunk.

Each chunk commits with the row of its job in `procgen.jobs`, so a run that was killed is taken up
where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from procgen.artifacts.attached import Scorer
from procgen.artifacts.attachment import Attachment

CHUNK = 50_000
Progress = Callable[[str, int, int | None], None]
"""Told after each chunk: a phrase, the rows of this run so far, and of how many, if known."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One run.

    Attributes:
        schema: of the routines.
        attachment: the procedure, as a migration attached it.
        scorers: the versions that score, as they are in this database.
        since: only rows that were changed from this moment on, as the engine writes it.
        chunk: rows that commit together.
    """

    schema: str
    attachment: Attachment
    scorers: Sequence[Scorer]
    since: str | None = None
    chunk: int = CHUNK

    @property
    def routine(self) -> str:
        """The name of the routine, as `procgen.jobs` has it."""
        return f"{self.schema}.{self.attachment.name}"


@dataclass(frozen=True, slots=True)
class Job:
    """A row of `procgen.jobs` as a run left it."""

    model: str
    version: int
    scored: int
    failed: int
