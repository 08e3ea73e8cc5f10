"""What the routines of a version are made of and what else they could be, as `--explain` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procgen.backends.choices import SIZES, Choice
from procgen.backends.lowering import NOT_EXACT, Lowering
from procgen.backends.manner import Manner
from procgen.compiler import lowering_choices
from procgen.ir.program import Program

HEADS = ("routine", "lowering", "1 row", *(f"{rows:,} rows" for rows in SIZES[1:]), "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a Program is written for some engines in some manner."""

    program: Program
    engines: Sequence[str]
    manner: Manner

    def choices(self, engine: str) -> tuple[Choice, ...]:
        """What one engine's routines are made of."""
        return lowering_choices(self.program, engine, self.manner.on(engine).lowering)

    def cells(self, name: str) -> list[tuple[str, ...]]:
        """Rows of cells; `name` is that of the version's routines."""
        return [row for one in self.engines for row in cells_of(one, name, self.choices(one))]

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """The same for a program, by engine; costs are in seconds."""
        return {engine: choices_as_json(self.choices(engine)) for engine in self.engines}


def cells_of(engine: str, name: str, choices: Sequence[Choice]) -> Iterator[tuple[str, ...]]:
    """For each routine every way to write it, with the estimated seconds of a statement."""
    yield (f"  {engine}", *HEADS)
    if not choices:
        yield ("", name, "expression", "", "", "", "there are no trees to write in another way")
    for choice in choices:
        shown = f"{name}{choice.routine}" if choice.taken else choice.asked
        for lowering, seconds in choice.costs.items():
            note = f"only when asked for; {NOT_EXACT}" if lowering == Lowering.STEPS else ""
            note = f"taken: {choice.why}" if lowering == choice.taken else note
            yield ("", shown, lowering, *map(in_words, seconds.values()), note)
            shown = ""


def choices_as_json(choices: Sequence[Choice]) -> list[dict[str, object]]:
    """Choices for a program: seconds by the rows of a statement."""
    return [
        {
            "routine": choice.routine,
            "asked_by": choice.asked,
            "taken": choice.taken,
            "why": choice.why,
            "costs": {
                lowering: {str(rows): seconds for rows, seconds in costs.items()}
                for lowering, costs in choice.costs.items()
            },
        }
        for choice in choices
    ]


def in_words(seconds: float) -> str:
    """A time in two figures: more would say what nobody knows."""
    for unit, size in (("us", 1e-6), ("ms", 1e-3)):
        if seconds < 1_000 * size:
            return _two_figures(seconds / size, unit)
    return _two_figures(seconds, "s")


def _two_figures(number: float, unit: str) -> str:
    return f"{number:,.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
