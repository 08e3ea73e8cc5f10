"""Files as people read them: the scripts of a migration are one line, bookkeeping is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from procgen.cli.console import say, say_json

SCRIPT = re.compile(r"(?P<stem>.*)\.(?P<part>up|down|verify)\.sql")
BOOKKEEPING = ("procgen.sum", ".gitkeep", ".gitattributes")


NEXT = "Read the SQL, commit it, then: procgen apply"


def say_written(
    paths: Sequence[Path], root: Path, *, as_json: bool, notes: Iterable[str] = ()
) -> None:
    """What a command wrote, and what comes next; `notes` are for people only."""
    if as_json:
        say_json({"written": names(paths, root)})
        return
    for line in lines(paths, root):
        say(f"  wrote {line}")
    for note in notes:
        say(f"  {note}")
    say(NEXT)


def names(paths: Sequence[Path], root: Path) -> list[str]:
    """Every path below `root`, for a program."""
    return [path.relative_to(root).as_posix() for path in paths]


def lines(paths: Sequence[Path], root: Path) -> list[str]:
    """The paths below `root`, for a person, in their order."""
    parts: dict[str, list[str]] = {}
    for name in names(paths, root):
        found = SCRIPT.fullmatch(name)
        if found:
            parts.setdefault(found["stem"], []).append(found["part"])
        elif not name.endswith(BOOKKEEPING):
            parts[name] = []
    return [f"{stem}.{{{','.join(of)}}}.sql" if of else stem for stem, of in parts.items()]
