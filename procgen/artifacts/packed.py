"""A lowered Program as the text that the kernel reads, with what it says where a policy raises."""

from __future__ import annotations

from procgen.backends.conditions import error_message
from procgen.ir.program import Action, Program
from procgen.kernels.packing import pack


def packed(lowered: Program, digest: str) -> str:
    """The text.

    Args:
        lowered: after the passes.
        digest: of the Program that was compiled.
    """
    raising = [one for one in lowered.requirements if one.action is Action.ERROR]
    return pack(lowered, digest, {repr(one): error_message(one) for one in raising})
