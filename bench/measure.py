"""How long a command takes, what it costs in CPU, and how much memory it needs at most."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.05
REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and of CPU (children included), and the highest resident memory."""

    wall_s: float
    cpu_s: float
    peak_gib: float

    def as_row(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


class CommandFailed(RuntimeError):
    """A command of a benchmark that did not end well, with the end of what it printed."""


def measure(
    command: Sequence[str], environment: Mapping[str, str], log: Path, watched: int | None = None
) -> Cost:
    """Run a command in the repository to its end and say what it took.

    `watched` is a server that works for the command: the CPU of its processes counts too.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    server_before = _cpu_of_children(watched) if watched else 0.0
    peak = 0
    started = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, _resident_bytes(process.pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailed(f"{' '.join(command)}\n{log.read_text()[-3000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    if watched:
        cpu += _cpu_of_children(watched) - server_before
    return Cost(wall, cpu, max(peak, usage.ru_maxrss * 1024) / 2**30)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module with the Python that runs this."""
    return [sys.executable, "-m", module, *arguments]


def _resident_bytes(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu_of_children(pid: int) -> float:
    """CPU seconds of a process and of all that it started, ended ones included."""
    ticks = 0
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        try:
            fields = Path(f"/proc/{current}/stat").read_text().rpartition(")")[2].split()
            children = Path(f"/proc/{current}/task/{current}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(int(fields[field]) for field in (11, 12, 13, 14))
        waiting.extend(int(child) for child in children)
    return ticks / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """The machine by its size only."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory)}
