"""What every section of a run shares: the options, the files, the servers and the fitted models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.compiled import compiled
from benchmarks.exactness import Asked
from benchmarks.in_duckdb import Files
from benchmarks.models import Matrix, Subject, data, subject
from benchmarks.races import Pace, race
from benchmarks.servers import Server, servers
from benchmarks.tables import asked_table, rows_table, write
from benchmarks.ways import Figure, Role, Way

POSTGRES = (15, 18)
STOPPED = "stopped after"


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, and how much of it.

    Attributes:
        models: their keys.
        rows: in the table that is scored, in DuckDB and in memory.
        rounds: of each race.
        limit: seconds after which a step is stopped.
        most_rows: where scaling ends.
        quick: a look, in two minutes.
    """

    models: tuple[str, ...]
    rows: int = 600_000
    rounds: int = 3
    limit: float = 8.0
    most_rows: int = 1_000_000
    quick: bool = False

    @property
    def server_rows(self) -> int:
        """In PostgreSQL, which takes ten times as long for a row before it scores it."""
        return self.rows // 3


Report = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: what is made is made once, where it is first wanted."""

    options: Options
    stack: ExitStack
    folder: Path
    say: Report
    fitted: dict[str, Subject] = field(default_factory=dict)
    running: dict[str, Any] = field(default_factory=dict)
    stopped: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def subject(self, key: str) -> Subject:
        """A fitted model."""
        if key not in self.fitted:
            self.say(f"fitting {key}")
            self.fitted[key] = subject(key)
        return self.fitted[key]

    def subjects(self) -> Iterator[Subject]:
        """The models that were asked for."""
        return map(self.subject, self.options.models)

    def servers(self) -> tuple[Server, ...]:
        """PostgreSQL 15 and 18, with the table."""
        if "servers" not in self.running:
            self.say("starting PostgreSQL")
            found = self.stack.enter_context(servers(POSTGRES))
            for server in found:
                server.load("rows", self.rows(self.options.server_rows))
            self.running["servers"] = found
        return self.running["servers"]  # type: ignore[no-any-return]

    def rows(self, count: int) -> Path:
        """The table as a file."""
        path = self.folder / f"rows_{count}.parquet"
        return path if path.exists() else write(rows_table(count), path)

    def matrix(self) -> Matrix:
        """The table in memory."""
        return data(self.options.rows, seed=1)[0]

    def asked(self, subject: Subject) -> tuple[Asked, Files]:
        """Rows that show wrong scores of a model, in the servers too."""
        each = 100 if self.options.quick else 1000
        asked = Asked.of(subject, compiled(subject, "duckdb").lowered, each)
        path = write(asked_table(asked), self.folder / "asked.parquet")
        for server in self.servers():
            server.load("asked", path)
        return asked, Files(self.folder, self.rows(self.options.rows), path)

    def files(self, rows: int | None = None) -> Files:
        """The table alone."""
        return Files(self.folder, self.rows(rows or self.options.rows))

    def pace(self, rows: int | None = None, **changes: Any) -> Pace:
        """How much to measure, as the options say."""
        rows = rows or self.options.rows
        usual = Pace(rows, min(5000, rows), self.options.rounds, limit=self.options.limit)
        return replace(usual, **changes)

    def race(self, ways: Iterable[Way], pace: Pace, **given: Any) -> Iterator[Figure]:
        """Measure ways against each other, and say how far it is.

        A rival that was stopped in one section is not waited for in the next.
        """
        section, model = given["section"], given["model"]
        wanted = []
        for way in ways:
            if (before := self.stopped.get((model, way.engine, way.name))) is None:
                wanted.append(way)
            else:
                names = (section, model, way.engine, way.name, way.role)
                yield Figure(*names, failed=f"not tried: {before}")
        say = partial("{}, {}: {}".format, section, model)
        for figure in race(wanted, pace, done=lambda step: self.say(say(step)), **given):
            if figure.role == Role.RIVAL and (figure.failed or "").startswith(STOPPED):
                key = (model, figure.engine, figure.way)
                self.stopped[key] = f"{figure.failed} in {section}"
            yield figure


@contextmanager
def bench(options: Options, say: Report) -> Iterator[Bench]:
    """A run, whose servers and files go with it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="procgen-benchmark-")))
        yield Bench(options, stack, folder, say)
