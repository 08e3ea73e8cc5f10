"""Mutation testing of parity cases: a broken routine in the real database must be found out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from procgen.artifacts.artifact import ArtifactWriter
from procgen.backends import dialect_named
from procgen.backends.calls import create_schema, drop_table, scores
from procgen.backends.routines import RoutineWriter
from procgen.databases.database import Database
from procgen.ir.program import OutputName, Program
from procgen.passes import lower
from procgen.verify.cases import Cases
from procgen.verify.compare import Judge
from procgen.verify.mutants import LIMIT, AnyChange, Mutant, chosen_changes, mutants
from procgen.verify.scoring import TABLE, routine_writer
from procgen.verify.sharp import Sharpener
from procgen.verify.tally import Tally, numbered

MUTANT = "procgen_mutant"
BATCH = 16
"""Mutants that one script creates."""
FIRST = 500
"""Cases that every mutant is asked about; most are killed by them."""
SLICE = 32
"""Answers that are compared at once: a mutant is mostly killed by one of the first."""
__all__ = ["Mutant", "MutationReport", "Survivor", "mutants", "mutate"]


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no case tells from the routine; `proof` says why none could, or is None."""

    kind: str
    where: str
    proof: str | None


@dataclass(frozen=True, slots=True)
class MutationReport:
    """What became of the mutants of one version.

    Attributes:
        total: how many there were.
        killed: how many answered some case otherwise.
        survived: the others.
        kinds: how many there were of each kind.
    """

    total: int
    killed: int
    survived: tuple[Survivor, ...]
    kinds: dict[str, int]

    @property
    def equivalent(self) -> int:
        """How many are proven to answer every row as the routine does."""
        return sum(survivor.proof is not None for survivor in self.survived)

    @property
    def score(self) -> float:
        """The part that was killed of those not proven equivalent; 1 where there are none."""
        observable = self.total - self.equivalent
        return self.killed / observable if observable else 1.0

    def as_json(self) -> dict[str, Any]:
        """The counts, and every survivor, as JSON values."""
        return {
            "total": self.total,
            "killed": self.killed,
            "equivalent": self.equivalent,
            "score": self.score,
            "kinds": self.kinds,
            "survived": [
                {"kind": one.kind, "where": one.where, "proof": one.proof} for one in self.survived
            ],
        }


def mutate(
    database: Database,
    program: Program,
    cases: Cases,
    *,
    schema: str = "ml",
    limit: int = LIMIT,
    seed: int = 0,
) -> MutationReport:
    """Create each mutant in the database and ask it about the cases; all is rolled back.

    Args:
        database: where; no transaction is open.
        program: the Program as it was compiled, not lowered.
        cases: rows and Python's answers.
        schema: where the mutants are created.
        limit: up to this many splits every mutant is made; above it, those of about so many.
        seed: another seed takes others.
    """
    lowered = lower(program, dialect_named(database.engine).target)
    changes = chosen_changes(lowered, limit=limit, seed=seed)
    with database.rehearsal():
        alive = Trial.of(database, program, lowered, cases, schema).survivors(changes)
    survivors = _explained(lowered, alive) if alive else ()
    return MutationReport(
        len(changes), len(changes) - len(alive), survivors, counts(one.kind for one in changes)
    )


def _explained(lowered: Program, alive: Sequence[AnyChange]) -> tuple[Survivor, ...]:
    sharpener = Sharpener(lowered, ())
    return tuple(
        Survivor(mutant.kind, mutant.where, sharpener.proof(change))
        for change in alive
        for mutant in (change.mutant(lowered),)
    )


def counts(kinds: Iterable[str]) -> dict[str, int]:
    """How many there are of each."""
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return found


@dataclass(slots=True)
class Trial:
    """Mutants of one Program before one set of cases, inside a transaction.

    Attributes:
        first: judges the outputs that every mutant is asked for, about the first cases.
        every: judges all outputs, of those that got away so far.
    """

    database: Database
    lowered: Program
    cases: Cases
    schema: str
    first: Judge
    every: Judge
    created: int = 0

    @classmethod
    def of(
        cls, database: Database, program: Program, lowered: Program, cases: Cases, schema: str
    ) -> Trial:
        """Make the schema."""
        writer = routine_writer(lowered, database.engine, schema, f"{MUTANT}_v1")
        database.run_script(create_schema(writer), source="the mutants")
        every = Judge(program)
        margin = program.output(OutputName.MARGIN)
        if margin is None or every.is_bounded or every.composite:
            return cls(database, lowered, cases, schema, every, every)
        # Other outputs follow from the margin mostly, and each is as long as all the trees.
        some = Judge(replace(program, outputs=(margin,)))
        return cls(database, lowered, cases, schema, some, every)

    def survivors(self, changes: Sequence[AnyChange]) -> list[AnyChange]:
        """The changes that no case tells."""
        some = Cases(self.cases.rows[:FIRST], self.cases.answers)
        return self._survivors(self._survivors(changes, some, self.first), self.cases, self.every)

    def _survivors(
        self, changes: Sequence[AnyChange], cases: Cases, judge: Judge
    ) -> list[AnyChange]:
        names = {output.name for output in judge.program.outputs}
        outputs = tuple(output for output in self.lowered.outputs if output.name in names)
        base = replace(self.lowered, outputs=outputs)
        key = self.database.load_rows(TABLE, self.lowered.inputs, cases.rows)
        alive: list[AnyChange] = []
        for first in range(0, len(changes), BATCH):
            batch = changes[first : first + BATCH]
            programs = [change.mutant(base).program for change in batch]
            routines = self._create(programs)
            for change, program, routine in zip(batch, programs, routines, strict=True):
                writer = routine_writer(program, self.database.engine, self.schema, routine)
                answers = self.database.fetch(scores(writer, TABLE, key))
                if not self._are_wrong(cases, answers, judge):
                    alive.append(change)
        drop = drop_table(self._writer(), TABLE)
        self.database.run_script(drop, source="the mutants")
        return alive

    def _writer(self, routine: str = MUTANT) -> RoutineWriter:
        return routine_writer(self.lowered, self.database.engine, self.schema, routine)

    def _create(self, programs: Sequence[Program]) -> list[str]:
        dialect = dialect_named(self.database.engine)
        routines, scripts = [], []
        for program in programs:
            self.created += 1
            writer = ArtifactWriter(
                MUTANT, self.created, self.schema, dialect, program, program, "", ()
            )
            routines.append(f"{MUTANT}_v{self.created}")
            scripts.append(writer.up())
        self.database.run_script("".join(scripts), source="the mutants")
        return routines

    def _are_wrong(self, cases: Cases, answers: Sequence[tuple[Any, ...]], judge: Judge) -> bool:
        names = [output.name for output in judge.program.outputs]
        for first in range(0, len(answers), SLICE):
            part = slice(first, first + SLICE)
            got = dict(zip(names, zip(*answers[part], strict=True), strict=True))
            want = {name: cases.answers[name][part] for name in names}
            tally = Tally(judge, self.lowered)
            tally.add_database(numbered(cases.rows[part]), got, want)
            if tally.mismatches:
                return True
        return False
