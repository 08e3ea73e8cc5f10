"""How the trees of a version are written, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from procgen.backends.routine import Routine
from procgen.backends.routines import MANY


def described(routines: Sequence[Routine], *, has_nodes: bool) -> str:
    """The words; `has_nodes` says whether it has a table of nodes."""
    procedural = [routine for routine in routines if routine.totals]
    loops = any(total.loops for routine in procedural for total in routine.totals)
    if any(routine.halves for routine in routines):
        rest = any(one.name.endswith(MANY) for one in procedural)
        return f"node loop, then {'statements' if rest else 'one expression'}"
    if procedural:
        return "node loop" if loops else "statements"
    return "node table" if has_nodes else "one expression"
