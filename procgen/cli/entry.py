"""The console script: it runs a command and turns every way to fail into a message and a code."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Sequence

import typer

from procgen.cli.app import app
from procgen.cli.console import say_error, say_warning
from procgen.errors import ProcgenError

DEBUG = "--debug"
USAGE = 2
REFUSED = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `procgen`; those of this process by default.

    Returns:
        0 done, 1 the answer is "different", 2 usage, 3 refused or failed, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _say_warning
        return _guarded(words)


def _guarded(words: list[str]) -> int:
    try:
        # --debug is taken out here, because typer would want it in one fixed place.
        return _run([word for word in words if word != DEBUG])
    except BrokenPipeError:
        # The reader has what it wanted (`procgen status | head`); Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        say_error("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last resort: a message instead of a traceback
        if DEBUG in words:
            traceback.print_exc()
        return _explain(error)


def _run(words: list[str]) -> int:
    code = app(words, prog_name="procgen", standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    match error:
        case typer.TyperException():
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "procgen"
            say_error(error.format_message(), hint=f"{command} --help")
            return USAGE
        case ProcgenError():
            say_error(error.message, error.hint)
        case OSError(strerror=str(reason), filename=str(path)):
            say_error(f"{path}: {reason}")
        case _:
            lines = str(error).splitlines() or ["no message"]
            hint = "this is a defect of procgen or of a library it uses; --debug shows where"
            say_error(f"{type(error).__name__}: {lines[0]}", hint)
    return REFUSED


def _say_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    """Python would print the place in the library that warned, and a line of its source."""
    say_warning(" ".join(str(message).split()))
