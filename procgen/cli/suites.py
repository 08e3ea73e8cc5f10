"""A suite's report on a terminal: the verdict of each database, then what is wrong, as rows."""

from __future__ import annotations

from collections.abc import Iterator

from procgen.backends.lowering import BOUNDED
from procgen.cli.console import say, say_columns, say_table
from procgen.verify.formats import coverage_line, mutation_line, shown, shown_row
from procgen.verify.outcome import EngineResult, Finding, PathResult, SuiteReport

SHOWN = 10
LONGEST = 70
HEADS = ("case", "score", "expected", "got", "ULP", "first tree that differs", "inputs")
STYLES = {
    "not asked": "yellow",
    "equal": "green",
    "bounded": "green",
    "differs": "bold red",
    "lives": "bold red",
    "too low": "bold red",
}


def say_report(report: SuiteReport) -> None:
    """Print it."""
    say(f"{report.label}   digest {report.record.digest[:8]}   {len(report.cases.rows):,} cases")
    rows = (_engine_rows(engine, is_exact=report.is_exact) for engine in report.engines)
    say_columns([row for engine_rows in rows for row in engine_rows], STYLES)
    word = "" if report.is_covered else "too low"
    say_columns([("  coverage", coverage_line(report), word)], STYLES)
    for engine in report.engines:
        said: list[tuple[Finding, ...]] = []
        for path in engine.paths:
            if path.findings and path.findings in said:
                say(f"{path.name} on {engine.label}: the same scores")
            elif path.findings:
                _say_findings(engine, path)
                said.append(path.findings)
        _say_survivors(engine)
    if not report.is_covered:
        _say_missed(report)
    say("passed" if report.ok else "failed", style="bold green" if report.ok else "bold red")


def _engine_rows(engine: EngineResult, *, is_exact: bool) -> Iterator[tuple[str, ...]]:
    right = "equal" if is_exact else "bounded"
    for path in engine.paths:
        word = right if path.parity.ok else "differs"
        near = f"at most {path.max_ulp:,} ULP apart" if is_exact else BOUNDED
        said = f"{len(path.parity.mismatches):,} mismatches, {near}"
        if path.parity.left_out:
            said += f"; {path.parity.left_out:,} cases that the columns cannot hold are left out"
        yield f"  {path.name}", engine.label, word, said, f"{path.seconds:.1f} s"
    for one in engine.unasked:
        reason = f"cannot be asked: {one.reason}"
        yield f"  {one.name}", engine.label, "not asked", reason, ""
    if engine.mutation is not None:
        word = "lives" if engine.survivors else "equal"
        yield "  mutation", engine.label, word, mutation_line(engine), ""


def _say_findings(engine: EngineResult, path: PathResult) -> None:
    rows = [_finding_row(finding) for finding in path.findings[:SHOWN]]
    say_table(HEADS, rows, title=f"{path.name} on {engine.label}")
    left = len(path.parity.mismatches) - len(rows)
    if left:
        say(f"and {left:,} more")


def _finding_row(finding: Finding) -> tuple[str, ...]:
    wrong = finding.mismatch
    inputs = shown_row(wrong.inputs)
    return (
        str(wrong.row),
        wrong.output.value,
        "a refusal" if wrong.expected is None else shown(wrong.expected),
        shown(wrong.got),
        "" if wrong.ulps is None else f"{wrong.ulps:,}",
        finding.tree,
        inputs if len(inputs) <= LONGEST else inputs[:LONGEST] + "...",
    )


def _say_survivors(engine: EngineResult) -> None:
    if not engine.survivors:
        return
    rows = [(one.kind, one.where) for one in engine.survivors]
    title = f"changes that no case notices, {engine.label}"
    say_table(("change", "where"), rows[:SHOWN], title=title)
    if len(rows) > SHOWN:
        say(f"and {len(rows) - SHOWN:,} more")


def _say_missed(report: SuiteReport) -> None:
    missed = report.coverage.missed
    rows = [(leaf.binding, str(leaf.tree), str(leaf.node)) for leaf in missed[:SHOWN]]
    say_table(("sum", "tree", "node"), rows, title="leaves that no case reaches")
    if len(missed) > SHOWN:
        say(f"and {len(missed) - SHOWN:,} more")
