"""What commands print: answers on stdout, errors and progress on stderr, colour on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text


def _console(*, stderr: bool = False) -> Console:
    # A new one each time: rich remembers the stream it was made with. Names may hold `[bold]` or
    # `:smile:`, so nothing printed is read as markup; a pipe gets whole lines.
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(text: str, style: str | None = None) -> None:
    """Print a line of the answer."""
    _console().print(text, style=style)


def say_script(text: str) -> None:
    """Print text byte for byte: SQL that the caller will run."""
    sys.stdout.write(text)


def say_json(value: Any) -> None:
    """Print the answer for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say_columns(rows: Sequence[Sequence[str]], styles: Mapping[str, str] | None = None) -> None:
    """Print rows of cells, aligned; a cell that `styles` names is printed in that style."""
    styles = styles or {}
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    console = _console()
    for row in rows:
        line = Text()
        for cell, width in zip(row, widths, strict=True):
            line.append(cell, style=styles.get(cell, ""))
            line.append(" " * (width - cell_len(cell) + 3))
        line.rstrip()
        console.print(line)


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, title: str) -> None:
    """Print rows of cells under heads: a table on a terminal, aligned lines in a pipe."""
    console = _console()
    if not console.is_terminal:
        console.print(title)
        say_columns([heads, *rows])
        return
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    # Not soft-wrapped as lines are: a table has to fit the window.
    Console(highlight=False, markup=False, emoji=False).print(table)


def say_error(message: str, hint: str | None = None) -> None:
    """Print what went wrong, and what to do about it."""
    console = _console(stderr=True)
    console.print(Text.assemble(("error: ", "bold red"), message))
    if hint:
        console.print(Text.assemble(("hint: ", "bold"), hint))


def say_warning(message: str) -> None:
    """Print what may go wrong later."""
    _console(stderr=True).print(Text.assemble(("warning: ", "bold yellow"), message))


def working(what: str) -> AbstractContextManager[object]:
    """A spinner on stderr while the body runs; nothing where stderr is not a terminal."""
    console = _console(stderr=True)
    return console.status(Text(what)) if console.is_terminal else nullcontext()
