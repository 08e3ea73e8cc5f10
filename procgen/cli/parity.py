"""Where commands ask `procgen.verify`: before files are written, in an apply, and in the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from procgen.frontends import Source
from procgen.verify import check_answers, probe_rows
from procgen.verify.cases import Cases
from procgen.verify.cover import cover_rows
from procgen.verify.expected import answerable, expected_answers
from procgen.verify.gate import percent
from procgen.verify.sharp import sharp_rows

if TYPE_CHECKING:
    from procgen.artifacts.artifact import Artifact
    from procgen.frontends.samples import Rows


def make_cases(model: Any, source: Source, artifact: Artifact, sample: Rows) -> Cases:
    """Ask Python about rows for every leaf and every mutant, rows at decisions, and a sample's.

    Raises:
        ParityError: the compiled Program answers otherwise.
    """
    lowered = artifact.lowered
    cover = cover_rows(lowered)
    made = [*cover, *sharp_rows(lowered, cover), *probe_rows(lowered), *sample]
    rows = answerable(source.program, made)
    cases = Cases(rows, expected_answers(source.program, model, rows))
    check_answers(source, cases)
    return cases


def certified(certificate: Mapping[str, object]) -> str:
    """A certificate in a line; those of an older procgen have no coverage."""
    line = f"certified {certificate['rows']:,} rows, {certificate['mismatches']:,} mismatches"
    coverage = certificate.get("coverage")
    if isinstance(coverage, Mapping) and coverage["reachable"]:
        line += f", leaves {percent(coverage['reached'] / coverage['reachable'])} %"
    return line
