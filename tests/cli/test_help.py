from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from procgen.cli import main
from procgen.cli.app import app

README = Path(__file__).parents[2] / "README.md"
COMMANDS = [command.name for command in app.registered_commands]
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def help_text(*words):
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return ESCAPES.sub("", result.stdout)


def test_the_first_command_is_the_one_to_start_with():
    assert COMMANDS[0] == "demo"
    assert {"init", "compile", "apply", "status", "rollback"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(command):
    text = help_text(command)
    assert f"Example: procgen {command}" in text
    assert "--json" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_has_help(command):
    options = [param for param in command_named(command).params if param.name != "help"]
    assert [param.name for param in options if not (param.help or "").strip()] == []


def command_named(name):
    return get_command(app).commands[name]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_in_the_readme(command):
    assert f"procgen {command}" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_in_the_general_help(command):
    assert re.search(rf"\b{command}\b", help_text())


def test_help_is_code_0(capsys):
    assert main(["compile", "-h"]) == 0
    assert "Example:" in capsys.readouterr().out


def test_no_words_print_the_help_and_are_code_2(capsys):
    assert main([]) == 2
    assert "demo" in "".join(capsys.readouterr())
