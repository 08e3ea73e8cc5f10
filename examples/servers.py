"""`tests/servers.py`, which starts private PostgreSQL servers, wherever it is asked for."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

NAME = "procgen_private_servers"


def private_servers() -> ModuleType:
    """The module, by its path: packages of others install a `tests` as well."""
    if NAME not in sys.modules:
        spec = spec_from_file_location(NAME, Path(__file__).parents[1] / "tests" / "servers.py")
        if spec is None or spec.loader is None:
            raise ImportError(NAME)
        sys.modules[NAME] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[NAME])
    return sys.modules[NAME]


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that a server's account may enter; it goes, with the servers in it."""
    folder = Path(tempfile.mkdtemp(prefix="procgen-example-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        private_servers().stop_all(folder)
        shutil.rmtree(folder, ignore_errors=True)


def own_server(folder: Path) -> str:
    """The URL of an empty database in a new PostgreSQL 15 server."""
    private = private_servers()
    private.start(folder / "15", private.binaries(folder, 15))
    return str(private.Server(folder / "15", "example").url("postgres"))
