from __future__ import annotations

import json
import math

from procgen.ir.program import OutputName
from procgen.verify import Mismatch, ParityReport

WRONG = Mismatch(7, {"x": math.nan}, OutputName.MARGIN, 0.1, math.inf, None, "database")


def report(*mismatches):
    return ParityReport("DuckDB 2.0.0", 4312, 4312, 0, 5, 0, 0, 0, 2, 0.25, mismatches)


def test_a_report_in_a_line():
    assert str(report()) == "parity: 4,312 rows, 0 mismatches"
    assert report().ok
    assert not report(WRONG).ok


def test_the_first_mismatches_are_described():
    text = report(*[WRONG] * 8).describe()
    assert text.startswith("parity: 4,312 rows, 8 mismatches\n  row 7: margin should be 0.1, ")
    assert text.endswith("and 3 more")


def test_a_refusal_is_called_one():
    text = str(Mismatch(1, {"x": 1.0}, OutputName.PREDICT, None, "yes", None, "database"))
    assert text == "row 1: predict should be a refusal, the database gave 'yes', for {'x': 1.0}"


def test_json_has_no_word_for_infinity():
    found = json.loads(report(WRONG).to_json())
    assert found["mismatches"] == [
        {
            "row": 7,
            "inputs": {"x": "nan"},
            "output": "margin",
            "expected": "0.1",
            "got": "inf",
            "ulps": None,
            "source": "database",
        }
    ]
    assert (found["ok"], found["rows"], found["refused"]) == (False, 4312, 5)


def test_a_certificate_counts():
    certificate = report(WRONG).certificate()
    assert certificate["mismatches"] == 1
    assert json.loads(json.dumps(certificate)) == certificate
