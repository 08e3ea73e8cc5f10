"""The examples run as they are, small; their own checks raise."""

from __future__ import annotations

import pytest

from examples import concurrent_writers, ingest_copy, kill_and_resume, nightly_batch


@pytest.fixture(params=["duckdb", "postgres15"])
def url(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


def test_a_nightly_batch_scores_what_is_new(url, capsys):
    nightly_batch.main(["--url", url, "--rows", "2000"])
    assert "2,200 scores, each equal" in capsys.readouterr().out


def test_a_copy_is_scored_on_ingest(url, capsys):
    ingest_copy.main(["--url", url, "--rows", "2000"])
    assert "2,000 scores, each equal" in capsys.readouterr().out


def test_no_score_of_eight_writers_is_lost_or_wrong(url, capsys):
    concurrent_writers.main(["--url", url, "--seconds", "1.5"])
    assert "8 writers" in capsys.readouterr().out


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_batch_that_was_killed_goes_on(engine, capsys):
    kill_and_resume.main(["--engine", engine, "--rows", "20000"])
    assert "20,000 scores, each equal" in capsys.readouterr().out
