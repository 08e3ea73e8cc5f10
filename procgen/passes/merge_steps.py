"""Stumps whose order is free become one step function for each feature (ir/steps.py)."""

from __future__ import annotations

from procgen.ir.program import Program
from procgen.ir.steps import as_steps
from procgen.ir.target import Target


def merge_steps(program: Program, _: Target) -> Program:
    """Merge the stumps of every ensemble that may be added in any order, and of no other."""
    return as_steps(program)
