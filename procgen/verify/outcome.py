"""What a run of `procgen test` came to: every way to the model, on every database, as values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from procgen.ir.program import Program
from procgen.ir.stumps import free_ensembles
from procgen.migrations.header import ModelVersion
from procgen.migrations.ledger import Event
from procgen.migrations.migration import Migration
from procgen.migrations.models import ModelRecord
from procgen.verify.attached import AttachedPath
from procgen.verify.cases import Cases
from procgen.verify.coverage import Coverage
from procgen.verify.mutation import MutationReport, Survivor
from procgen.verify.report import Mismatch, ParityReport
from procgen.verify.tally import Columns
from procgen.verify.ways import Way


@dataclass(frozen=True, slots=True)
class Finding:
    """A wrong score, and which tree gave it, as far as that can be told."""

    mismatch: Mismatch
    tree: str


@dataclass(frozen=True, slots=True)
class PathResult:
    """One way to the model, asked about every case.

    Attributes:
        name: what was called, such as `ml.churn`.
        way: how it reaches the model.
        parity: how its answers compare with Python's.
        got: the answers.
        findings: the first mismatches with the tree that gave them.
        seconds: how long it took.
    """

    name: str
    way: Way
    parity: ParityReport
    got: Columns
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def max_ulp(self) -> int:
        """The largest distance of a score, right or wrong, where both are numbers."""
        return max((one.ulps or 0 for one in self.parity.mismatches), default=self.parity.max_ulp)


@dataclass(frozen=True, slots=True)
class Unasked:
    """One way to the model that cannot be asked, and why."""

    name: str
    way: Way
    reason: str


@dataclass(frozen=True, slots=True)
class EngineResult:
    """One database.

    Attributes:
        engine: its name and version.
        migration: the migration that made the version there.
        event: when it was applied, by whom and from which commit.
        paths: each way to the model.
        attached: what scores tables with the version; asking it needs the right to write.
        mutation: how many broken routines the cases notice, where that was asked for.
        unasked: what is attached and cannot be asked.
    """

    engine: str
    migration: Migration
    event: Event
    paths: tuple[PathResult, ...]
    attached: tuple[AttachedPath, ...] = ()
    mutation: MutationReport | None = None
    unasked: tuple[Unasked, ...] = ()

    @property
    def label(self) -> str:
        """The engine as people name it; PostgreSQL counts 15.20 as 150020."""
        name, _, number = self.engine.partition(" ")
        if not (number.isdecimal() and len(number) > 4):
            return self.engine
        return f"{name} {number[:-4]}.{int(number[-4:])}"

    @property
    def mismatches(self) -> int:
        """Wrong scores of all ways."""
        return sum(len(path.parity.mismatches) for path in self.paths)

    @property
    def survivors(self) -> tuple[Survivor, ...]:
        """Broken routines that no case noticed, though some row might."""
        found = self.mutation.survived if self.mutation else ()
        return tuple(one for one in found if one.proof is None)


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """A version, its cases, and what each database made of them.

    Attributes:
        version: which version.
        schema: where its routines are.
        record: what its model file says of it.
        program: what was compiled.
        cases: the rows and what Python answered.
        coverage: which leaves and sides of splits the rows reach.
        floor: the share of reachable leaves that must be reached, from 0 to 1.
        engines: each database.
        tool: the procgen that asked.
        tested_at: when.
    """

    version: ModelVersion
    schema: str
    record: ModelRecord
    program: Program
    cases: Cases
    coverage: Coverage
    floor: float
    engines: tuple[EngineResult, ...]
    tool: str
    tested_at: dt.datetime

    @property
    def label(self) -> str:
        """The version as people name it."""
        return f"{self.version.name} v{self.version.version}"

    @property
    def is_exact(self) -> bool:
        """Whether right answers are equal to Python's; steps are near them (--lowering steps)."""
        return not free_ensembles(self.program)

    @property
    def mismatches(self) -> int:
        """Wrong scores of all databases."""
        return sum(engine.mismatches for engine in self.engines)

    @property
    def is_covered(self) -> bool:
        """Whether enough of the reachable leaves are reached."""
        return self.coverage.share >= self.floor

    @property
    def survivors(self) -> int:
        """Broken routines that no case noticed, in any database."""
        return sum(len(engine.survivors) for engine in self.engines)

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for holds."""
        return not self.mismatches and self.is_covered and not self.survivors
