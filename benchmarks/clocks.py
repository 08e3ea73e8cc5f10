"""What one step costs: seconds, seconds of processor, and the memory that it grows by.

Processor time is that of this process and of the processes named. It is the same on a busy machine
as on a quiet one, or nearly so, unless its memory and caches are what others use as well; the clock
on the wall is not.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
LOOK = 0.1
PATIENCE = 6
"""So many seconds on the wall may pass for each second of processor."""
Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one step; memory in bytes: all that another process had, or what this one grew by."""

    wall: float
    cpu: float
    memory: int


class StoppedError(Exception):
    """A step took longer than it may; the message says how long that is."""


def cost_of(step: Step, processes: Sequence[int] = ()) -> Cost:
    """Run a step."""
    watched = (os.getpid(), *processes)
    held, *_ = [_reset_peak(process) for process in watched]
    cpu, wall = _cpu(processes), time.perf_counter()
    step()
    wall, cpu = time.perf_counter() - wall, _cpu(processes) - cpu
    own, *others = [_status(process, "VmHWM") for process in watched]
    return Cost(wall, cpu, max(own - held, *others, 0))


@contextlib.contextmanager
def one_core(processes: Sequence[int]) -> Iterator[None]:
    """This process and others on the same core for a while, where the system lets us.

    On two cores, processes that answer one another by turns wake each other's idle core every time.
    In a virtual machine that takes longer than a short statement, and comes and goes.
    """
    before: dict[int, set[int]] = {}
    with contextlib.suppress(AttributeError, PermissionError):  # not Linux; another user's server
        before = {process: os.sched_getaffinity(process) for process in (0, *processes)}
        for process in before:
            os.sched_setaffinity(process, {min(before[0])})
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            for process, cores in before.items():
                os.sched_setaffinity(process, cores)


def repeat(step: Step, seconds: float) -> None:
    """Run a step until it has taken so long altogether, and not at all for no seconds."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        step()


def _cpu(processes: Sequence[int]) -> float:
    return time.process_time() + sum(map(cpu_of, processes))


def cpu_of(process: int) -> float:
    """Seconds of processor that a process with one thread has had."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:  # a kernel without scheduler statistics counts in hundredths
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def _status(process: int, name: str) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(process)


def _reset_peak(process: int) -> int:
    """Forget the most memory that a process has had, and say how much it has now."""
    if process == os.getpid():
        with contextlib.suppress(AttributeError):  # the C library is not GNU's
            ctypes.CDLL(None).malloc_trim(0)
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _status(process, "VmRSS")


def limited(
    seconds: float, stop: Step | None, processes: Sequence[int] = ()
) -> contextlib.AbstractContextManager[None]:
    """A block that is stopped where it takes longer, by `stop` or else by a signal.

    Longer is more seconds of processor, or many times as many on the wall. The block raises
    StoppedError then, whatever came up in it.
    """
    return _alarmed(seconds) if stop is None else _interrupted(seconds, stop, processes)


@contextlib.contextmanager
def _interrupted(seconds: float, stop: Step, processes: Sequence[int]) -> Iterator[None]:
    done, stopped = threading.Event(), threading.Event()
    began, until = _cpu(processes), time.perf_counter() + PATIENCE * seconds

    def watch() -> None:
        while not done.wait(LOOK):
            with contextlib.suppress(OSError):  # one of the processes has ended
                if _cpu(processes) - began > seconds or time.perf_counter() > until:
                    stopped.set()
                    stop()
                    return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except Exception as error:
        if stopped.is_set():
            raise StoppedError(f"stopped after {seconds:g} s") from error
        raise
    finally:
        done.set()
        watcher.join()


@contextlib.contextmanager
def _alarmed(seconds: float) -> Iterator[None]:
    """Python code that nothing else can stop, in the main thread."""

    def at_the_limit(*_: object) -> None:
        raise StoppedError(f"stopped after {seconds:g} s")

    timers = {
        signal.SIGPROF: (signal.ITIMER_PROF, seconds),
        signal.SIGALRM: (signal.ITIMER_REAL, PATIENCE * seconds),
    }
    before = {name: signal.signal(name, at_the_limit) for name in timers}
    for timer, limit in timers.values():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for name, handler in before.items():
            signal.signal(name, handler)
