"""A suite's report for other programs: as JSON, and as the JUnit XML that CI systems read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from procgen.ir.interpreter import Row, Value
from procgen.verify.gate import percent
from procgen.verify.outcome import EngineResult, Finding, PathResult, SuiteReport

# Control characters that XML 1.0 has no way to write; an input may hold them.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SHOWN = 25


def as_json(report: SuiteReport) -> dict[str, Any]:
    """Everything; doubles are texts as Python writes them, because JSON has no inf or NaN."""
    return {
        "name": report.version.name,
        "version": report.version.version,
        "ok": report.ok,
        "digest": report.record.digest,
        "provenance": report.record.provenance,
        "tool": report.tool,
        "tested_at": report.tested_at.isoformat(),
        "rows": len(report.cases.rows),
        "mismatches": report.mismatches,
        "min_coverage": report.floor,
        "coverage": report.coverage.as_json(),
        "databases": [_engine(engine) for engine in report.engines],
    }


def _engine(engine: EngineResult) -> dict[str, Any]:
    applied = engine.event.applied_at
    return {
        "engine": engine.engine,
        "migration": engine.migration.id,
        "applied_at": applied.isoformat() if applied else None,
        "applied_by": engine.event.by_role,
        "commit": engine.event.git_commit,
        "paths": [_path(path) for path in engine.paths],
        "unasked": [asdict(one) for one in engine.unasked],
        "mutation": engine.mutation.as_json() if engine.mutation else None,
    }


def _path(path: PathResult) -> dict[str, Any]:
    counts = dict(path.parity.certificate())
    return {
        "name": path.name,
        "way": path.way.value,
        "seconds": round(path.seconds, 3),
        **{key: counts[key] for key in counts if key != "engine"},
        "findings": [_finding(finding) for finding in path.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    wrong = finding.mismatch
    return {
        "row": wrong.row,
        "inputs": {name: plain(value) for name, value in wrong.inputs.items()},
        "output": wrong.output.value,
        "expected": plain(wrong.expected),
        "got": plain(wrong.got),
        "ulps": wrong.ulps,
        "tree": finding.tree,
    }


def plain(value: Value) -> object:
    """A score or an input for JSON."""
    match value:
        case tuple():
            return [plain(item) for item in value]
        case float():
            return repr(value)
        case _:
            return value


def shown(value: Value) -> str:
    """A score or an input for people; a missing one is NULL."""
    return "NULL" if value is None else repr(value)


def shown_row(row: Row) -> str:
    """Inputs as `age=35.5, plan='basic'`."""
    return ", ".join(f"{name}={shown(value)}" for name, value in row.items())


def as_junit(report: SuiteReport) -> str:
    """A test suite for each database; a test case for each way, the coverage and the mutants."""
    root = ET.Element("testsuites", name=f"procgen test {report.label}")
    for engine in report.engines:
        cases = list(_junit_cases(report, engine))
        failures = sum(case.find("failure") is not None for case in cases)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=f"{report.label} on {engine.label}",
            tests=str(len(cases)),
            failures=str(failures),
            errors="0",
            skipped=str(len(engine.unasked)),
            time=f"{sum(path.seconds for path in engine.paths):.3f}",
            timestamp=report.tested_at.strftime("%Y-%m-%dT%H:%M:%S"),
        )
        suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_cases(report: SuiteReport, engine: EngineResult) -> Iterator[ET.Element]:
    group = f"procgen.{report.version.name}_v{report.version.version}"
    for path in engine.paths:
        case = ET.Element("testcase", classname=group, name=path.name, time=f"{path.seconds:.3f}")
        if not path.parity.ok:
            _fail(case, str(path.parity), "\n".join(finding_lines(path)))
        yield case
    for one in engine.unasked:
        case = ET.Element("testcase", classname=group, name=one.name, time="0.000")
        ET.SubElement(case, "skipped", message=UNWRITABLE.sub("\ufffd", one.reason))
        yield case
    case = ET.Element("testcase", classname=group, name="coverage", time="0.000")
    if not report.is_covered:
        missed = "\n".join(str(leaf) for leaf in report.coverage.missed[:SHOWN])
        _fail(case, coverage_line(report), missed)
    yield case
    if engine.mutation is not None:
        case = ET.Element("testcase", classname=group, name="mutation", time="0.000")
        if engine.survivors:
            lines = "\n".join(f"{one.kind}: {one.where}" for one in engine.survivors[:SHOWN])
            _fail(case, mutation_line(engine), lines)
        yield case


def _fail(case: ET.Element, message: str, text: str) -> None:
    failure = ET.SubElement(case, "failure", message=UNWRITABLE.sub("\ufffd", message))
    failure.text = UNWRITABLE.sub("\ufffd", text)


def finding_lines(path: PathResult, most: int = SHOWN) -> list[str]:
    """The first wrong scores of a way, a line each."""
    lines = [
        f"case {wrong.row}: {wrong.output} should be "
        f"{'a refusal' if wrong.expected is None else shown(wrong.expected)}, got "
        f"{shown(wrong.got)}"
        + (f", {wrong.ulps:,} ULP apart" if wrong.ulps is not None else "")
        + f"; {finding.tree}; inputs {shown_row(wrong.inputs)}"
        for finding in path.findings[:most]
        for wrong in (finding.mismatch,)
    ]
    left = len(path.parity.mismatches) - len(lines)
    return [*lines, f"and {left:,} more"] if left else lines


def coverage_line(report: SuiteReport) -> str:
    """The coverage in a line."""
    found = report.coverage
    if not found.leaves:
        return "no trees: there are no leaves to reach"
    line = (
        f"{found.reached:,} of {found.reachable:,} reachable leaves ({percent(found.share)} %), "
        f"{found.reached_sides:,} of {found.reachable_sides:,} split sides"
    )
    unreachable = found.leaves - found.reachable
    return line + (f"; {unreachable:,} leaves no row can reach" if unreachable else "")


def mutation_line(engine: EngineResult) -> str:
    """The mutants in a line."""
    found = engine.mutation
    if found is None:
        return ""
    observable = found.total - found.equivalent
    line = f"{found.killed:,} of {observable:,} observable changes noticed"
    return line + (f"; {found.equivalent:,} change no answer" if found.equivalent else "")
