"""Proof by comparison: rows at a model's decisions, asked of Python and of a database."""

from __future__ import annotations

from procgen.verify.gate import case_gate
from procgen.verify.parity import check_answers, verify
from procgen.verify.probes import probe_rows, random_rows
from procgen.verify.report import Mismatch, ParityReport

__all__ = [
    "Mismatch",
    "ParityReport",
    "case_gate",
    "check_answers",
    "probe_rows",
    "random_rows",
    "verify",
]
