"""What a target database can hold: plain numbers, so that passes need not know a dialect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """Limits that shape the lowering.

    Attributes:
        name: the dialect's name, for messages.
        max_depth: nested conditions that the engine parses, plans and runs safely.
        max_terms: terms of one `+` chain that it plans in reasonable time.
        max_arguments: arguments of a function; more are passed as one row.
        max_inputs: columns of that row.
        traps_range_errors: whether overflow and underflow raise instead of giving inf and 0.
    """

    name: str
    max_depth: int
    max_terms: int
    max_arguments: int
    max_inputs: int
    traps_range_errors: bool
