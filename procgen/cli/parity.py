"""Where commands ask `procgen.verify`: before files are written, in an apply, and in the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from procgen.backends.lowering import BOUNDED, Lowering
from procgen.frontends import Source
from procgen.verify import check_answers
from procgen.verify.cases import Cases
from procgen.verify.expected import answerable, expected_answers
from procgen.verify.gate import percent
from procgen.verify.suites import suite_rows

if TYPE_CHECKING:
    from procgen.artifacts.artifact import Artifact
    from procgen.frontends.samples import Rows


def make_cases(model: Any, source: Source, artifact: Artifact, sample: Rows) -> Cases:
    """Ask Python about rows in every leaf and at every decision, and about a sample's.

    Raises:
        ParityError: the compiled Program answers otherwise.
    """
    rows = answerable(source.program, suite_rows(artifact.lowered, sample=sample))
    cases = Cases(rows, expected_answers(source.program, model, rows))
    check_answers(source, cases)
    return cases


def certified(certificate: Mapping[str, object]) -> str:
    """A certificate in a line; those of an older procgen have no coverage."""
    line = f"certified {certificate['rows']:,} rows, {certificate['mismatches']:,} mismatches"
    coverage = certificate.get("coverage")
    if isinstance(coverage, Mapping) and coverage["reachable"]:
        line += f", leaves {percent(coverage['reached'] / coverage['reachable'])} %"
    return f"{line}, {BOUNDED}" if is_bounded(certificate) else line


def is_bounded(certificate: Mapping[str, object]) -> bool:
    """Whether a version was made to be near Python's scores and not equal to them."""
    return certificate.get("lowering") == Lowering.STEPS
