from __future__ import annotations

import json
import re

import pytest

from procgen.cli import main
from tests.cli.conftest import snapshot

PARITY = re.compile(r"^parity: ([\d,]+) rows, 0 mismatches$", re.MULTILINE)


@pytest.mark.slow
def test_the_demo_ends_with_scores_and_parity(tmp_path, capsys):
    assert main(["demo", "--dir", str(tmp_path / "demo")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = PARITY.search(out)
    assert found
    assert int(found[1].replace(",", "")) > 1000
    assert "ml.progression_v1" in out


@pytest.mark.slow
def test_a_second_demo_goes_on_from_the_first(tmp_path, capsys):
    assert main(["demo", "--dir", str(tmp_path / "demo")]) == 0
    before = snapshot(tmp_path / "demo" / "migrations")
    capsys.readouterr()
    assert main(["demo", "--dir", str(tmp_path / "demo"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["version"], answer["mismatches"]) == (1, 0)
    assert snapshot(tmp_path / "demo" / "migrations") == before


@pytest.mark.slow
@pytest.mark.postgres
def test_the_demo_runs_in_postgres(tmp_path, capsys, postgres18_url):
    assert main(["demo", "--dir", str(tmp_path / "demo"), "--url", postgres18_url]) == 0
    assert PARITY.search(capsys.readouterr().out)
