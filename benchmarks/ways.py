"""A way to score, and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.clocks import StoppedError
from benchmarks.exactness import Answers

LONGEST_MESSAGE = 240


class Role(StrEnum):
    """Who made a way."""

    OURS = "procgen"
    RIVAL = "rival"
    USUAL = "today"


def nothing(*_: object) -> None:
    """How to stop what cannot be stopped, or tell what nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A way that is set up.

    Attributes:
        score: score so many rows of the table, from the first on.
        answers: the scores of some of the rows that are asked for exactness; None where the way is
            a client of the library, whose scores are the right ones.
        processes: those that work for it, besides this one.
        stop: make `score` or `answers` raise, from another thread; None where a signal can.
        explain: have the statement planned that scores the whole table.
        arrange: what is done before each round of so many rows, and not measured.
        by_turns: whether this process waits while the others work, and they for it.
    """

    score: Callable[[int], object]
    answers: Callable[[range], Answers] | None = None
    processes: tuple[int, ...] = ()
    stop: Callable[[], object] | None = None
    explain: Callable[[], object] = nothing
    arrange: Callable[[int], object] = nothing
    by_turns: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """How to score.

    Attributes:
        name: what tables call it.
        engine: where it scores: memory, duckdb, postgres 15, postgres 18.
        role: whose it is.
        against: the name of the way of the same engine that its ratio is to.
        prepare: set it up; what it opens goes with the stack.
    """

    name: str
    engine: str
    role: Role
    against: str | None
    prepare: Callable[[ExitStack], Ready]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured of one way: seconds are of one unit of work, a row or a statement."""

    section: str
    model: str
    engine: str
    way: str
    role: str
    against: str | None = None
    unit: str = "row"
    cpu: float | None = None
    wall: float | None = None
    ratio: float | None = None
    wall_ratio: float | None = None
    units: int = 0
    rounds: int = 0
    memory: int | None = None
    size: int | None = None
    wrong: dict[str, int] | None = None
    apart: float | None = None
    note: str | None = None
    failed: str | None = None
    load: float = 0.0


def reason(error: BaseException) -> str:
    """What went wrong, on one line."""
    text = " ".join(str(error).split())
    kind = "" if isinstance(error, StoppedError) else f"{type(error).__name__}: "
    found = kind + text
    return found if len(found) <= LONGEST_MESSAGE else found[: LONGEST_MESSAGE - 1] + "…"
