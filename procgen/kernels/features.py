"""What trees ask of one feature: sorted cuts or categories, to which tests become whole numbers."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from procgen.errors import InvalidProgramError
from procgen.ir.cuts import cut_at
from procgen.ir.expressions import Comparison, Membership, Test, Threshold
from procgen.ir.types import DType, Scalar


@dataclass(slots=True)
class Feature:
    """One feature of an ensemble, as its trees see it.

    Attributes:
        number: its place among the packed features.
        own: its place among the ensemble's.
        step: where its values stand on the tape.
        dtype: their type.
        is_table: whether its categories are listed, rather than its thresholds.
    """

    number: int
    own: int
    step: int
    dtype: DType
    is_table: bool
    listed: list[Any] = field(default_factory=list)
    _seen: dict[Scalar, None] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.dtype in (DType.INT64, DType.BOOL)

    def see(self, test: Test) -> None:
        """Take note of a test."""
        match test:
            case Membership(categories):
                self._seen.update(dict.fromkeys(categories))
            case Threshold():
                cut = cut_of(test, whole=self.is_whole)
                if cut is not None:
                    self._seen[cut] = None

    def settle(self) -> None:
        """Sort what was seen."""
        self.listed = sorted(self._seen)

    def test(self, test: Test) -> Any:
        """A test as the code up to which it sends left, or as the places of its categories."""
        match test:
            case Membership(categories):
                return sorted({bisect_left(self.listed, one) for one in categories})
            case Threshold():
                cut = cut_of(test, whole=self.is_whole)
                return 0 if cut is None else bisect_left(self.listed, cut) + 1

    def packed(self) -> dict[str, Any]:
        """What the kernel reads."""
        number = "integer" if self.is_whole else "number"
        kind = "category" if self.is_table else number
        return {"step": self.step, "kind": kind, "listed": self.listed}


def cut_of(test: Threshold, *, whole: bool) -> float | int | None:
    """The largest value that passes, or None where none does."""
    if test.precision is DType.FLOAT32:
        raise InvalidProgramError("a float32 threshold reached the kernel: no pass widened it")
    return cut_at(test.op, test.value, DType.INT64 if whole else DType.FLOAT64)


def plain_test(test: Test, *, whole: bool) -> Test:
    """The same test on whole numbers as one that compares whole numbers."""
    if not (whole and isinstance(test, Threshold)):
        return test
    cut = cut_of(test, whole=True)
    return Membership(()) if cut is None else Threshold(Comparison.LE, cut, DType.INT64)
