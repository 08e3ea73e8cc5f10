"""Files appear all together or not at all, and a file with other content is never overwritten."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from procgen.errors import ProjectError


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files to write: `new` must not exist with other content, `replaced` may.

    A file of `new` that exists with the same bytes is left alone.
    """

    new: tuple[tuple[Path, bytes], ...] = ()
    replaced: tuple[tuple[Path, bytes], ...] = ()


def joined(sets: Iterable[FileSet]) -> FileSet:
    """All the files of several sets, to be written as one."""
    every = tuple(sets)
    return FileSet(
        tuple(pair for one in every for pair in one.new),
        tuple(pair for one in every for pair in one.replaced),
    )


def write_files(files: FileSet) -> tuple[Path, ...]:
    """Write a set and return the paths that changed, in its order.

    Raises:
        ProjectError: a file exists with other content, or the disk refused; nothing is changed.
    """
    pending = [pair for pair in files.new if not _is_written(*pair)]
    pending += [(path, text) for path, text in files.replaced if _content(path) != text]
    try:
        _replace_all(pending)
    except OSError as error:
        raise ProjectError(
            f"{error.filename or pending[0][0]} cannot be written: {error.strerror or error}",
            hint="nothing was changed",
        ) from error
    return tuple(path for path, _ in pending)


def write_in_turn(steps: Iterable[Callable[[], FileSet]]) -> tuple[Path, ...]:
    """Write sets of which each is made when those before it are in their places.

    Raises:
        ProcgenError: a step refuses, or its files cannot be written; nothing is changed.
    """
    before: dict[Path, bytes | None] = {}
    written: tuple[Path, ...] = ()
    try:
        for step in steps:
            files = step()
            for path, _ in (*files.new, *files.replaced):
                before.setdefault(path, _content(path))
            written += write_files(files)
    except BaseException:
        for path in dict.fromkeys(written):
            _restore(path, before[path])
        raise
    return written


def _is_written(path: Path, content: bytes) -> bool:
    found = _content(path)
    if found is not None and found != content:
        raise ProjectError(
            f"{path} exists with other content",
            hint="nothing was changed; move it away, or choose another name or folder",
        )
    return found is not None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error


def _replace_all(pending: list[tuple[Path, bytes]]) -> None:
    before = {path: _content(path) for path, _ in pending}
    beside: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for path, content in pending:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside[path] = _write_beside(path, content)
        for path, _ in pending:
            beside[path].replace(path)
            done.append(path)
    except BaseException:
        for path in done:
            _restore(path, before[path])
        raise
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary = Path(name)
    temporary.chmod(0o644 & ~_umask())  # mkstemp makes files that only their owner reads
    return temporary


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
