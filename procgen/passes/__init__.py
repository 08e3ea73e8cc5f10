"""Passes make a Program easy to print and do not change what it means; listed in order below."""

from __future__ import annotations

from collections.abc import Callable

from procgen.ir.check import check, trees_of
from procgen.ir.program import Program
from procgen.ir.target import Target
from procgen.passes.fold_constants import fold_constants
from procgen.passes.gather_matches import gather_matches
from procgen.passes.merge_steps import merge_steps
from procgen.passes.pull_back_splits import pull_back_splits
from procgen.passes.settle_requirements import settle_requirements
from procgen.passes.trap_float32_sums import trap_float32_sums
from procgen.passes.trap_overflow import trap_overflow
from procgen.passes.trap_products import trap_products
from procgen.passes.trap_underflow import trap_underflow
from procgen.passes.widen_float32_splits import widen_float32_splits

Pass = Callable[[Program, Target], Program]

PASSES: tuple[Pass, ...] = (
    fold_constants,
    gather_matches,  # after folding: it needs weights inside the tables
    widen_float32_splits,  # before pulling back: it leaves double thresholds only
    pull_back_splits,
    trap_products,  # before settling: its requirements stand first
    trap_overflow,  # before settling: it adds requirements
    trap_float32_sums,  # after the operands' own requirements, and before settling as well
    settle_requirements,
    trap_underflow,  # after these: its branches would hide arithmetic from the passes above
    merge_steps,  # last: thresholds are final, and it is known what can be missing
)


def lower(program: Program, target: Target) -> Program:
    """Run every pass, and check the Program after each, so that a broken rule names its pass."""
    for step in PASSES:
        after = step(program, target)
        program = check(after, but=trees_of(program))
    return program
