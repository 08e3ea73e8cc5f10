"""Names of shared values inside a routine, none of which is an input's, and what gives them.

total_1 := ...                                             -- a procedural routine
list_transform([{'total_1': ...}], lambda step_1: ...)     -- an expression
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import count

from procgen.backends.printer import Printer
from procgen.backends.sharing import Key


def variables(keys: Sequence[Key], taken: Set[str]) -> dict[Key, str]:
    """`total_1` and so on; `taken` holds names of inputs in lower case."""
    free = (name for number in count(1) if (name := f"total_{number}") not in taken)
    return dict(zip(keys, free, strict=False))


def fields_of_steps(levels: Sequence[Sequence[Key]], taken: Set[str]) -> dict[Key, str]:
    """`step_1.total_1` and so on; the values of a level need none of the same level."""
    steps = (name for number in count(1) if (name := f"step_{number}") not in taken)
    return {
        key: f"{step}.total_{number}"
        for step, keys in zip(steps, levels, strict=False)
        for number, key in enumerate(keys, start=1)
    }


def with_steps(printer: Printer, levels: Sequence[Sequence[Key]], value: str) -> str:
    """A value inside the names of each step, the first step outermost.

    One name a step: DuckDB plans a lambda inside a lambda again for each one around it.
    """
    let = printer.dialect.let
    for keys in reversed(levels):
        if let is None:
            raise TypeError(f"{printer.dialect.name} has no names inside an expression")
        step = printer.name_of(keys[0]).partition(".")[0]
        fields = ", ".join(
            let.field.format(printer.name_of(key).partition(".")[2], printer.definition(key))
            for key in keys
        )
        value = let.template.format(step, fields, value)
    return value
