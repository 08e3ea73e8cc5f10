"""Mutation testing of parity cases: a broken routine in the real database must be found out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from procgen.artifacts.artifact import ArtifactWriter
from procgen.backends import dialect_named
from procgen.backends.calls import create_schema, scores
from procgen.databases.database import Database
from procgen.ir.program import Program
from procgen.passes import lower
from procgen.verify.cases import Cases
from procgen.verify.compare import Judge
from procgen.verify.mutants import LIMIT, AnyChange, Mutant, chosen_changes, mutants
from procgen.verify.scoring import TABLE, routine_writer
from procgen.verify.sharp import Sharpener
from procgen.verify.tally import Tally, numbered

MUTANT = "procgen_mutant"
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
        trial = Trial.of(database, program, lowered, cases, schema)
        alive = [change for change in changes if not trial.kills(change.mutant(lowered))]
    survivors = _explained(lowered, alive) if alive else ()
    return MutationReport(
        len(changes), len(changes) - len(alive), survivors, counts(one.kind for one in changes)
    )


def _explained(lowered: Program, alive: Sequence[AnyChange]) -> tuple[Survivor, ...]:
    sharpener = Sharpener(lowered, ())
    return tuple(
        Survivor(mutant.kind, mutant.where, sharpener.proof(change).proof)
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
    """Mutants of one Program before one set of cases, inside a transaction."""

    database: Database
    judge: Judge
    lowered: Program
    cases: Cases
    schema: str
    key: str
    created: int = 0

    @classmethod
    def of(
        cls, database: Database, program: Program, lowered: Program, cases: Cases, schema: str
    ) -> Trial:
        """Load the cases."""
        key = database.load_rows(TABLE, program.inputs, cases.rows)
        writer = routine_writer(lowered, database.engine, schema, f"{MUTANT}_v1")
        database.run_script(create_schema(writer), source="the mutants")
        return cls(database, Judge(program), lowered, cases, schema, key)

    def kills(self, mutant: Mutant) -> bool:
        """Whether some case gets a wrong answer from the mutant in the database."""
        self.created += 1
        dialect = dialect_named(self.database.engine)
        artifact = ArtifactWriter(
            MUTANT, self.created, self.schema, dialect, mutant.program, mutant.program, "", ()
        )
        self.database.run_script(artifact.up(), source=f"the mutant of {mutant.where}")
        routine = f"{MUTANT}_v{self.created}"
        writer = routine_writer(mutant.program, self.database.engine, self.schema, routine)
        answers = self.database.fetch(scores(writer, TABLE, self.key))
        return any(self._is_wrong(first, answers) for first in range(0, len(answers), SLICE))

    def _is_wrong(self, first: int, answers: Sequence[tuple[Any, ...]]) -> bool:
        names = [output.name for output in self.lowered.outputs]
        columns = zip(*answers[first : first + SLICE], strict=True)
        got = dict(zip(names, columns, strict=True))
        want = {name: values[first : first + SLICE] for name, values in self.cases.answers.items()}
        tally = Tally(self.judge, self.lowered)
        tally.add_database(numbered(self.cases.rows[first : first + SLICE]), got, want)
        return bool(tally.mismatches)
