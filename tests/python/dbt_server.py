"""A process that has imported dbt and parsed the project, and forks itself for every command.

Importing dbt and warming up its parser takes ten seconds of processor time, which every command of
every test would spend again. Each command still has a process, a folder and an environment of its
own, and is killed when it may not live longer. `harness.py` starts this beside a copy of the project: requests come in as lines of JSON, and
the exit code of each goes out as a line.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from dbt.cli.main import cli, dbtRunner


def main() -> None:
    """Warm up, say so, and serve until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    # What dbt makes lives until its end: looking for garbage took a third of its time.
    gc.set_threshold(200_000, 50, 50)
    # A project that does not parse is reported by every test, so not here. The static parser would
    # leave threads behind, and a fork has none of them: it would wait for them for ever.
    dbtRunner().invoke(["parse", "--quiet", "--no-static-parser"])
    threads = Path("/proc/self/task")
    if threads.exists() and len(list(threads.iterdir())) > 1:
        sys.exit("dbt left threads behind, which a fork would miss")
    gc.freeze()
    print("ready", file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        kill_after = request.pop("kill_after")
        child = os.fork()
        if child == 0:
            serve(**request)
        if kill_after is not None:
            watched = os.pidfd_open(child)
            if not select.select([watched], [], [], kill_after)[0]:
                os.kill(child, signal.SIGKILL)
            os.close(watched)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers)


def serve(
    program: str, arguments: list[str], folder: str, environment: dict[str, str], output: str
) -> NoReturn:
    """Be `dbt <arguments>`, or `python -m <program> <arguments>`, in this folder; never return."""
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, written), (2, written)):
        os.dup2(source, target)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program, *arguments]
    code = 1
    try:
        if program == "dbt":
            sys.path[0] = os.path.dirname(sys.executable)
            cli(prog_name="dbt")
        else:
            sys.path[0] = folder
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not by the way of the interpreter's end, which takes apart all that was imported.
        os._exit(code)


if __name__ == "__main__":
    main()
