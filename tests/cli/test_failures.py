from __future__ import annotations

import subprocess
import sys

import pytest

from procgen.cli import entry, main
from procgen.errors import ProcgenError


def fail_with(monkeypatch, error):
    def app(*_words, **_options):
        raise error

    monkeypatch.setattr(entry, "app", app)


def test_an_error_of_procgen_is_two_lines_and_code_3(monkeypatch, capsys):
    fail_with(monkeypatch, ProcgenError("churn.pkl is a pickle", hint="allow it with --trust"))
    assert main(["compile"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: churn.pkl is a pickle\nhint: allow it with --trust\n"


def test_an_unexpected_error_is_one_line_and_says_how_to_see_more(monkeypatch, capsys):
    fail_with(monkeypatch, RuntimeError("broken\nin two lines"))
    assert main(["compile"]) == 3
    err = capsys.readouterr().err
    assert err.splitlines()[0] == "error: RuntimeError: broken"
    assert "--debug" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["--debug", "compile"], ["compile", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch, capsys, words):
    fail_with(monkeypatch, RuntimeError("broken"))
    assert main(words) == 3
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_markup_in_a_message_is_printed_as_it_is(monkeypatch, capsys):
    fail_with(monkeypatch, ProcgenError("the column [bold]x[/] :smile: is " + "long " * 40 + "end"))
    assert main(["compile"]) == 3
    expected = "error: the column [bold]x[/] :smile: is " + "long " * 40 + "end\n"
    assert capsys.readouterr().err == expected


def test_an_interrupt_is_code_130(monkeypatch, capsys):
    fail_with(monkeypatch, KeyboardInterrupt())
    assert main(["compile"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_that_the_system_refuses_is_named(monkeypatch, capsys):
    fail_with(monkeypatch, PermissionError(13, "Permission denied", "models/churn_v1.json"))
    assert main(["compile"]) == 3
    assert capsys.readouterr().err == "error: models/churn_v1.json: Permission denied\n"


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["--nonsense"],
        ["compile"],
        ["compile", "model.skops"],
        ["compile", "model.skops", "--name"],
        ["compile", "model.skops", "--name", "churn", "--target", "oracle"],
        ["compile", "model.skops", "--name", "churn", "--schema", "other"],
        ["rollback"],
        ["rollback", "--to", "0001_init", "--steps", "2"],
        ["rollback", "--steps", "many"],
        ["apply", "--url", "duckdb:///x.duckdb", "--env", "prod"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_code_2_and_names_the_help(capsys, words):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "--help" in err


def test_the_module_runs_as_the_script_does():
    done = subprocess.run(
        [sys.executable, "-m", "procgen", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("procgen")


def test_a_failure_in_a_real_process_has_no_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "procgen", "compile", "no.skops", "--name", "churn"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
