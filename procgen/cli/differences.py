"""What a reviewer wants to know of a new version first: how it differs from the one before."""

from __future__ import annotations

from procgen.ir.program import Program
from procgen.ir.walk import trees_of

SHOWN = 5
"""As many changes fit a line that is read."""


def describe(before: Program, after: Program) -> str:
    """A phrase such as `120 trees (100), + input tenure_months`."""
    changes = [*_trees(before, after), *_inputs(before, after)]
    more = [f"and {len(changes) - SHOWN:,} more"] if len(changes) > SHOWN else []
    return ", ".join(changes[:SHOWN] + more) or "other numbers"


def _trees(before: Program, after: Program) -> list[str]:
    old, new = (sum(1 for _ in trees_of(program)) for program in (before, after))
    return [] if old == new else [f"{new:,} trees ({old:,})"]


def _inputs(before: Program, after: Program) -> list[str]:
    old = {field.name: field.dtype for field in before.inputs}
    new = {field.name: field.dtype for field in after.inputs}
    changes = [f"+ input {name}" for name in new if name not in old]
    changes += [f"- input {name}" for name in old if name not in new]
    shared = [name for name in new if name in old and new[name] is not old[name]]
    changes += [f"input {name} is {new[name]} ({old[name]})" for name in shared]
    if not changes and list(old) != list(new):
        changes.append("inputs in another order")
    return changes
