"""What this project wants to reach, as data: each target is compared with what a run measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.models import MAKERS, STANDARD
from benchmarks.ways import Figure

MB = 2**20
GB = 2**30


class Measure(StrEnum):
    """What of a figure is compared."""

    RATIO = "times as fast as"
    TIMES = "times the cost of"
    CPU = "seconds"
    MEMORY = "bytes"


class Verdict(StrEnum):
    """What came of a target."""

    REACHED = "reached"
    MISSED = "missed"
    OPEN = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """One promise.

    Attributes:
        section: of the figures that it is about.
        engine: how their engine begins.
        models: keys; where there are several, the worst of them counts.
        ways: names; where there are several, the best of them counts, or the worst if `every`.
        measure: what is compared; a ratio must be at least `bound`, everything else at most.
        bound: the number promised.
    """

    section: str
    engine: str
    models: tuple[str, ...]
    ways: tuple[str, ...]
    measure: Measure
    bound: float
    every: bool = False

    def value(self, figures: Sequence[Figure]) -> float | None:
        """What was measured, if all of it was."""
        found = [self._of_model(figures, MAKERS[key][0]) for key in self.models]
        if not found or None in found:
            return None
        worst = min if self.measure is Measure.RATIO else max
        return worst(one for one in found if one is not None)

    def _of_model(self, figures: Sequence[Figure], title: str) -> float | None:
        best = max if (self.measure is Measure.RATIO) != self.every else min
        found = [value for one in self._about(figures, title) if (value := self._read(one))]
        return best(found, default=None)

    def _about(self, figures: Sequence[Figure], title: str) -> Iterator[Figure]:
        for one in figures:
            if (
                (one.section, one.model) == (self.section, title)
                and one.engine.startswith(self.engine)
                and one.way in self.ways
                and one.failed is None
            ):
                yield one

    def _read(self, figure: Figure) -> float | None:
        match self.measure:
            case Measure.RATIO:
                return figure.ratio
            case Measure.TIMES:
                return 1 / figure.ratio if figure.ratio else None
            case Measure.CPU:
                return figure.cpu
            case Measure.MEMORY:
                return figure.memory

    def verdict(self, figures: Sequence[Figure]) -> Verdict:
        """Whether it was reached."""
        value = self.value(figures)
        if value is None:
            return Verdict.OPEN
        fine = value >= self.bound if self.measure is Measure.RATIO else value <= self.bound
        return Verdict.REACHED if fine else Verdict.MISSED


DUCKDB_SQL = ("SQL", "SQL, table macro")
POSTGRES_SQL = ("SQL", "SQL, _many")
POSTGRES = "postgres 15"
Pairs = tuple[float, float]
KERNEL_TARGETS: dict[str, tuple[Pairs, Pairs]] = {
    "gb": ((2.1, 1.4), (1.5, 1.4)),
    "lgb100": ((4.5, 3.8), (2.8, 2.7)),
    "lgb500": ((4.5, 3.8), (2.8, 2.7)),
    "xgb": ((1.0, 0.4), (1.2, 0.7)),
    "rf": ((2.9, 0.8), (2.0, 0.95)),
}
"""With Numba and with NumPy: DuckDB over pandas and back, PostgreSQL over the best client."""


def _batch(engine: str, model: str, ways: tuple[str, ...], bound: float) -> Target:
    return Target("batch", engine, (model,), ways, Measure.RATIO, bound)


def _kernels() -> Iterator[Target]:
    for model, (duckdb, postgres) in KERNEL_TARGETS.items():
        for kernel, here, there in zip(("Numba", "NumPy"), duckdb, postgres, strict=True):
            yield _batch("duckdb", model, (f"function, {kernel}",), here)
            yield _batch(POSTGRES, model, (f"PL/Python, {kernel}",), there)


def _sql() -> Iterator[Target]:
    for model in ("linear", "logistic"):
        yield _batch("duckdb", model, DUCKDB_SQL, 8.0)
        yield _batch(POSTGRES, model, ("SQL",), 2.0)
    yield _batch("duckdb", "tree", DUCKDB_SQL, 1.0)
    yield _batch(POSTGRES, "tree", ("SQL",), 3.5)
    yield _batch("duckdb", "lgb100", DUCKDB_SQL, 1.5)
    yield _batch(POSTGRES, "lgb100", POSTGRES_SQL, 0.75)
    yield Target("batch", "duckdb", ("rf",), DUCKDB_SQL, Measure.CPU, 26e-6)
    yield Target("rows", "duckdb", ("lgb100",), DUCKDB_SQL, Measure.CPU, 0.010)
    yield Target("planning", "duckdb", STANDARD, DUCKDB_SQL, Measure.CPU, 0.25, every=True)


def _others() -> Iterator[Target]:
    every = ("PL/Python, NumPy", "PL/Python, Numba")
    for model in ("lgb100", "lgb500"):
        yield _batch(POSTGRES, model, every, 2.5)
    yield Target("rows", POSTGRES, ("lgb100",), ("PL/Python",), Measure.TIMES, 2.0)
    yield Target("rows", POSTGRES, ("lgb100",), ("SQL", "SQL, _row"), Measure.TIMES, 6.0)
    for engine in ("duckdb", "postgres"):
        yield Target("compile", engine, ("rf",), ("SQL",), Measure.CPU, 2.0)
        yield Target("compile", engine, ("huge",), ("SQL",), Measure.CPU, 10.0)
        yield Target("compile", engine, ("huge",), ("SQL",), Measure.MEMORY, GB)
    yield Target("ingest", POSTGRES, ("lgb100",), ("row trigger, PL/Python",), Measure.TIMES, 2.0)
    statement = ("statement trigger, PL/Python, 1,000 rows",)
    yield Target("ingest", POSTGRES, ("lgb100",), statement, Measure.CPU, 10e-6)


TARGETS = (*_sql(), *_kernels(), *_others())
