"""Adding up verdicts row by row: refused by both, out of the database's range, right or wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from procgen.ir.interpreter import Row, Value, admits
from procgen.ir.program import OutputName, Program
from procgen.verify.bits import same_bits, ulps_apart
from procgen.verify.compare import Judge, Scores, Verdict, is_refused, row_scores
from procgen.verify.report import Mismatch

Rows = Mapping[int, Row]
"""Rows by their number in the whole comparison."""
Columns = Mapping[OutputName, Sequence[Value]]
"""Scores by output, in the order of the rows."""
DATABASE = "database"
INTERPRETER = "interpreter"
ROWS = "table macro"


@dataclass(slots=True)
class Tally:
    """The counts so far; `judge` is of the Program as it was compiled, `lowered` as it runs."""

    judge: Judge
    lowered: Program
    refused: int = 0
    out_of_range: int = 0
    undecided: int = 0
    overflowed: int = 0
    max_ulp: int = 0
    bound_used: float = 0.0
    mismatches: dict[tuple[int, OutputName, str], Mismatch] = field(default_factory=dict)

    def add_database(self, rows: Rows, got: Columns, want: Columns) -> None:
        """Compare a database with Python."""
        for place, row, ours, theirs in _paired(rows, got, want):
            if is_refused(theirs):
                self.refused += 1
                self._must_be_missing(place, row, ours, DATABASE)
            elif is_refused(ours) and self._is_out_of_range(row):
                self.out_of_range += 1
            else:
                self._compare(place, row, ours, theirs, DATABASE)

    def add_interpreter(self, rows: Rows, got: Columns, want: Columns) -> None:
        """Compare the interpreter with Python."""
        for place, row, ours, theirs in _paired(rows, got, want):
            if is_refused(theirs):
                self._must_be_missing(place, row, ours, INTERPRETER)
            else:
                self._compare(place, row, ours, theirs, INTERPRETER)

    def add_lowered(self, rows: Rows, got: Columns, want: Columns) -> None:
        """Compare a database with the interpreter of what it runs: the sums have the same order."""
        for place, row, ours, theirs in _paired(rows, got, want):
            verdict = self.judge.compare_same_sums(row, ours, theirs)
            self._enter(place, row, verdict, DATABASE)

    def add_same(self, rows: Rows, got: Columns, want: Columns) -> None:
        """Compare the table macro with the scalar ones: every bit is the same."""
        for place, row, ours, theirs in _paired(rows, got, want):
            for name, value in ours.items():
                if not same_bits(value, theirs[name]):
                    self._note(place, row, name, (theirs[name], value), ROWS)

    def _compare(self, place: int, row: Row, got: Scores, want: Scores, source: str) -> None:
        missing = [name for name, value in got.items() if value is None]
        for name in missing:
            self._note(place, row, name, (want[name], None), source)
        if not missing:
            self._enter(place, row, self.judge.compare(row, got, want), source)

    def _enter(self, place: int, row: Row, verdict: Verdict, source: str) -> None:
        for wrong in verdict.differences:
            self._note(place, row, wrong.output, (wrong.expected, wrong.got), source)
        if source == DATABASE:
            self.undecided += verdict.undecided
            self.overflowed += verdict.overflowed
        self.max_ulp = max(self.max_ulp, verdict.ulps)
        self.bound_used = max(self.bound_used, verdict.share)

    def _must_be_missing(self, place: int, row: Row, got: Scores, source: str) -> None:
        for name, value in got.items():
            if value is not None:
                self._note(place, row, name, (None, value), source)

    def _note(
        self, place: int, row: Row, name: OutputName, values: tuple[Value, Value], source: str
    ) -> None:
        expected, got = values
        ulps = ulps_apart(got, expected) if None not in (got, expected) else None
        wrong = Mismatch(place, row, name, expected, got, ulps, source)
        self.mismatches.setdefault((place, name, source), wrong)

    def _is_out_of_range(self, row: Row) -> bool:
        return admits(self.judge.program, row) and not admits(self.lowered, row)


def numbered(rows: Sequence[Row]) -> Rows:
    """All the rows."""
    return dict(enumerate(rows))


def _paired(
    rows: Rows, got: Columns, want: Columns
) -> Iterator[tuple[int, Row, dict[OutputName, Value], dict[OutputName, Value]]]:
    for place, (number, row) in enumerate(rows.items()):
        yield number, row, row_scores(got, place), row_scores(want, place)
