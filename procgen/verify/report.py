"""What a comparison came to: a value that prints itself in one line, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from procgen.ir.interpreter import Row, Value
from procgen.ir.program import OutputName

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A score that is not Python's.

    Attributes:
        row: the row's number, counted from 0.
        inputs: its values by column.
        output: which score.
        expected: what Python answered; None where it refuses the row.
        got: what `source` gave.
        ulps: how many doubles they are apart, or None where they are not both numbers.
        source: "interpreter" or "database".
    """

    row: int
    inputs: Row
    output: OutputName
    expected: Value
    got: Value
    ulps: int | None
    source: str

    def __str__(self) -> str:
        expected = "a refusal" if self.expected is None else repr(self.expected)
        got = "NULL" if self.got is None else repr(self.got)
        return (
            f"row {self.row}: {self.output} should be {expected}, the {self.source} gave {got}, "
            f"for {dict(self.inputs)}"
        )


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How the scores of a database compare with Python's.

    Attributes:
        engine: the database and its version; empty where only the Program was compared.
        rows: how many rows were compared.
        interpreted: how many of them went through the interpreter too, which is slow.
        left_out: decisions of the model for which no row was made, because there are so many; of
            what is attached, cases that the columns of its table cannot hold.
        refused: rows that Python refuses and that score NULL.
        out_of_range: rows that Python scores and the database's arithmetic cannot; they give NULL.
        undecided: rows of linear models whose margin is within its bound of another label.
        overflowed: rows of linear models with terms near the largest double, where the order of
            addition decides between a number, inf and NaN.
        max_ulp: the largest distance among the scores that must be equal or within 4 ULP.
        bound_used: the largest part of the linear bound that a margin used, between 0 and 1.
        mismatches: every score that is wrong.
    """

    engine: str
    rows: int
    interpreted: int
    left_out: int
    refused: int
    out_of_range: int
    undecided: int
    overflowed: int
    max_ulp: int
    bound_used: float
    mismatches: tuple[Mismatch, ...]

    @property
    def ok(self) -> bool:
        """Whether every score is right."""
        return not self.mismatches

    def __str__(self) -> str:
        return f"parity: {self.rows:,} rows, {len(self.mismatches):,} mismatches"

    def describe(self) -> str:
        """The line, and below it the first mismatches."""
        lines = [str(self), *(f"  {mismatch}" for mismatch in self.mismatches[:SHOWN])]
        if len(self.mismatches) > SHOWN:
            lines.append(f"  and {len(self.mismatches) - SHOWN:,} more")
        return "\n".join(lines)

    def certificate(self) -> Mapping[str, object]:
        """The counts as JSON values; for the record of a version."""
        values = asdict(self)
        return values | {"mismatches": len(self.mismatches)}

    def to_json(self) -> str:
        """Everything; doubles are texts as Python writes them, because JSON has no inf or NaN."""
        values = dict(self.certificate()) | {
            "ok": self.ok,
            "mismatches": [
                {
                    "row": mismatch.row,
                    "inputs": {name: _text(value) for name, value in mismatch.inputs.items()},
                    "output": mismatch.output.value,
                    "expected": _text(mismatch.expected),
                    "got": _text(mismatch.got),
                    "ulps": mismatch.ulps,
                    "source": mismatch.source,
                }
                for mismatch in self.mismatches
            ],
        }
        return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _text(value: Value) -> object:
    match value:
        case tuple():
            return [_text(item) for item in value]
        case float():
            return repr(value)
        case _:
            return value
