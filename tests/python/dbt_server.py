"""A process that has imported dbt and parsed the project, and forks itself for every command.

Importing dbt, warming up its parser and parsing take fifteen seconds of processor time, which every
command of every test would spend again. Each command still has a process, a folder and an
environment of its own, and is killed when it may not live longer. A command in a copy whose files
are those of the repository is handed what was parsed; for variables that dbt reads when it parses, a
keeper, a fork of this process, parses once and forks itself for every command that has them.

`harness.py` starts this beside a copy of the project: requests come in as lines of JSON, and the
exit code of each goes out as a line.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn, TextIO

from dbt.cli.main import cli, dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

Request = dict[str, Any]

#: Keepers that live at once; each holds a manifest in memory.
MOST_KEEPERS = 8
PATIENCE_SECONDS = 30


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 1


def main() -> None:
    """Warm up, say so, and serve until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    # What dbt makes lives until its end: looking for garbage took a third of its time.
    gc.set_threshold(200_000, 50, 50)
    # A project that does not parse is reported by every test, so not here.
    parsed = parse([])
    # A thread ends a moment after it was told to; on a busy machine that moment is seconds.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _threads() > 1:
        if time.monotonic() > deadline:
            sys.exit("dbt left threads behind, which a fork would miss")
        time.sleep(0.01)
    gc.freeze()
    print("ready", file=answers)
    keepers: OrderedDict[str, Keeper] = OrderedDict()
    for line in sys.stdin:
        request = json.loads(line)
        wanted = request.pop("parse")
        if not wanted or not wanted[0]:
            answer = run(request, parsed if wanted else None)
        else:
            key = json.dumps(wanted)
            if key not in keepers:
                keepers[key] = Keeper(*wanted)
            keepers.move_to_end(key)
            while len(keepers) > MOST_KEEPERS:
                keepers.popitem(last=False)[1].stop()
            answer = keepers[key].run(request)
        print(answer, file=answers)


def parse(arguments: list[str]) -> Manifest | None:
    """Parse the copy beside which this process was started; None where that fails."""
    # The static parser would leave threads behind, and a fork has none of them: it would wait for
    # them for ever.
    result = dbtRunner().invoke(["parse", "--quiet", "--no-static-parser", *arguments])
    return result.result if result.success else None


class Keeper:
    """A fork that has parsed with some variables, and forks itself for every command."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        asked, answered = os.pipe(), os.pipe()
        self._process = os.fork()
        if self._process == 0:
            requests = os.fdopen(asked[0])
            os.close(asked[1])
            self._keep(arguments, environment, requests, os.fdopen(answered[1], "w", buffering=1))
        os.close(asked[0])
        os.close(answered[1])
        self._requests: TextIO = os.fdopen(asked[1], "w", buffering=1)
        self._answers: TextIO = os.fdopen(answered[0])

    def run(self, request: Request) -> str:
        """Run one command and return its exit code."""
        print(json.dumps(request), file=self._requests)
        return self._answers.readline().strip()

    def stop(self) -> None:
        """End the fork."""
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        self._requests.close()
        self._answers.close()

    @staticmethod
    def _keep(
        arguments: list[str],
        environment: dict[str, str],
        requests: Iterable[str],
        answers: TextIO,
    ) -> NoReturn:
        os.environ.clear()
        os.environ.update(environment)
        parsed = parse(arguments)
        gc.freeze()
        for line in requests:
            print(run(json.loads(line), parsed), file=answers)
        os._exit(0)


def run(request: Request, parsed: Manifest | None) -> int:
    """Fork for one command, kill it when it may not live longer, and return its exit code."""
    kill_after = request.pop("kill_after")
    child = os.fork()
    if child == 0:
        serve(parsed, **request)
    if kill_after is not None:
        watched = os.pidfd_open(child)
        if not select.select([watched], [], [], kill_after)[0]:
            os.kill(child, signal.SIGKILL)
        os.close(watched)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def serve(
    parsed: Manifest | None,
    program: str,
    arguments: list[str],
    folder: str,
    database: str,
    environment: dict[str, str],
    output: str,
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
    if environment.get("DBT_LOG_LEVEL_FILE") == "none" and "debug" not in " ".join(arguments):
        say_no_details()
    try:
        if parsed:
            move(parsed, folder, database)
        if program == "dbt":
            sys.path[0] = os.path.dirname(sys.executable)
            if parsed:
                result = dbtRunner(manifest=parsed).invoke(arguments)
                code = 0 if result.success else 2 if result.exception else 1
            else:
                cli(prog_name="dbt")
                code = 0
        else:
            sys.path[0] = folder
            if parsed:
                from voc_cli.dbt_runs import keep_manifest

                keep_manifest(arguments[1:], parsed)
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


def say_no_details() -> None:
    """Drop what dbt says for its log of details, where no log is kept: putting it into words takes an eighth of dbt's time."""
    fire_event = EventManager.fire_event

    def fire_what_is_heard(self: EventManager, e: BaseEvent, *args: Any, **kwargs: Any) -> None:
        level = kwargs.get("level") or (args[0] if args else None) or e.level_tag()
        if self.callbacks or level != EventLevel.DEBUG:
            fire_event(self, e, *args, **kwargs)

    EventManager.fire_event = fire_what_is_heard


def move(parsed: Manifest, folder: str, database: str) -> None:
    """Make what was parsed in one folder, for one database, that of another."""
    for node in parsed.nodes.values():
        if getattr(node, "root_path", None):
            node.root_path = folder
    before = parsed.nodes["model.voc_warehouse.company_nps"].database
    if before == database:
        return
    for node in (*parsed.nodes.values(), *parsed.sources.values()):
        if node.database == before:
            node.database = database
            if node.relation_name:
                quoted = node.relation_name
                node.relation_name = quoted.replace(f'"{before}"', f'"{database}"', 1)
    # What macros see as `graph` is a copy.
    parsed.build_flat_graph()


if __name__ == "__main__":
    main()
