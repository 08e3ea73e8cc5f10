"""`procgen.sum`: a line a file and a hash over all lines, so that two branches collide in git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from procgen.errors import ProjectError
from procgen.migrations.canonical import canonical, sha256
from procgen.migrations.folder import SUM_FILE, script_files

HINT = "restore the file from git, or write a new migration: one that is applied never changes"


def print_sums(texts: Mapping[str, str]) -> str:
    """The sum file for canonical texts by file name."""
    lines = "".join(f"{name} sha256:{sha256(texts[name])}\n" for name in sorted(texts))
    return f"h1:{sha256(lines)}\n{lines}"


def folder_texts(folder: Path) -> dict[str, str]:
    """The canonical text of every script in a folder."""
    return {path.name: canonical(path.read_bytes(), str(path)) for path in script_files(folder)}


def sum_problems(folder: Path) -> tuple[str, ...]:
    """How the scripts differ from `procgen.sum`, each named; nothing if they agree."""
    texts = folder_texts(folder)
    path = folder / SUM_FILE
    if not path.exists():
        return (f"{path} does not exist",) if texts else ()
    return tuple(_differences(canonical(path.read_bytes(), str(path)), texts, folder))


def refuse_sum_problems(folder: Path) -> None:
    """Raise for the first of `sum_problems`.

    Raises:
        ProjectError: naming the file.
    """
    for problem in sum_problems(folder):
        raise ProjectError(problem, hint=HINT)


def _differences(written: str, texts: Mapping[str, str], folder: Path) -> Iterator[str]:
    head, _, body = written.partition("\n")
    lines = dict(_parse(body))
    for name in sorted(lines.keys() | texts.keys()):
        if name not in texts:
            yield f"{folder / name} is in {SUM_FILE}, but does not exist"
        elif name not in lines:
            yield f"{folder / name} is not in {SUM_FILE}"
        elif lines[name] != f"sha256:{sha256(texts[name])}":
            yield f"{folder / name} differs from {SUM_FILE}"
    if head != f"h1:{sha256(body)}":
        yield f"{folder / SUM_FILE} does not fit its own first line"


def _parse(body: str) -> Iterator[tuple[str, str]]:
    for line in body.splitlines():
        name, _, digest = line.rpartition(" ")
        yield name, digest
