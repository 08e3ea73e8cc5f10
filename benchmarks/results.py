"""A run's figures with where and how they were measured; as JSON and back."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.ways import Figure, Role

PACKAGES = (
    "procgen",
    "numpy",
    "numba",
    "scikit-learn",
    "lightgbm",
    "xgboost-cpu",
    "duckdb",
    "pandas",
    "pyarrow",
    "psycopg",
    "orbital",
    "m2cgen",
    "treelite",
    "tl2cgen",
    "adbc-driver-postgresql",
)


@dataclass(frozen=True, slots=True)
class Results:
    """What one run measured."""

    machine: dict[str, str]
    options: dict[str, Any]
    seconds: float
    figures: tuple[Figure, ...]

    def of(self, section: str) -> list[Figure]:
        """The figures of one section."""
        return [one for one in self.figures if one.section == section]

    @property
    def wrong_of_ours(self) -> int:
        """Scores of procgen's ways that are not Python's."""
        return sum(
            sum(one.wrong.values()) for one in self.figures if one.wrong and one.role == Role.OURS
        )

    @property
    def asked_of_ours(self) -> int:
        """How many of procgen's ways were asked."""
        return sum(bool(one.wrong) for one in self.figures if one.role == Role.OURS)


def machine(load: float | None = None, servers: Iterable[str] = ()) -> dict[str, str]:
    """What was measured on, for people; the load is that of the beginning."""
    now = os.getloadavg()[0]
    return {
        "processor": f"{os.cpu_count()} x {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
        "packages": ", ".join(_versions()),
        "servers": ", ".join(servers) or "not started",
        "load": f"{now if load is None else load:.1f} at the start, {now:.1f} at the end",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> Iterator[str]:
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} not installed"


def write(results: Results, path: Path) -> None:
    """As JSON."""
    path.write_text(json.dumps(asdict(results), indent=1) + "\n")


def read(path: Path) -> Results:
    """What `write` wrote."""
    found = json.loads(path.read_text())
    return Results(**{**found, "figures": tuple(Figure(**one) for one in found["figures"])})
