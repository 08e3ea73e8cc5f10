"""Coverage is measured once, when a version is compiled; its counts are kept beside the cases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from procgen.ir.interpreter import Row
from procgen.ir.program import Program
from procgen.verify.cases import Cases
from procgen.verify.coverage import Coverage, measure

Counts = Mapping[str, Any]
"""`reached`, `reachable`, `share` and so on, as a certificate has them."""


def with_note(cases: Cases, counts: Counts, digest: str) -> Cases:
    """The cases with what they reach of a Program; `digest` is the Program's."""
    note = {"model": digest, "rows": _hash(cases.rows), "counts": counts}
    return replace(cases, note=json.dumps(note, sort_keys=True))


def counts_of(program: Program, cases: Cases, digest: str) -> Counts:
    """What the cases reach: as it was noted if that was about these rows, else measured now."""
    try:
        note = json.loads(cases.note or "{}")
    except ValueError:
        note = {}
    known = note if isinstance(note, dict) else {}
    if known.get("model") == digest and known.get("rows") == _hash(cases.rows):
        counts: Counts = known["counts"]
        return counts
    return coverage_counts(measure(program, cases.rows))


def coverage_counts(coverage: Coverage) -> Counts:
    """The counts; the lists of places may be long, and follow from the files."""
    return {key: value for key, value in coverage.as_json().items() if not isinstance(value, list)}


def _hash(rows: Sequence[Row]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update(repr(tuple(row.items())).encode("utf-8", "backslashreplace"))
    return found.hexdigest()
