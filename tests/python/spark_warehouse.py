"""A throw-away Spark: a cluster of two worker processes on this machine, and one session."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pickle
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import RULES_AT_ONCE, TIMEOUT_SECONDS, Outcome, Project, Row

# Small data and large plans: compiling code for every query would take longer than running it.
SETTINGS = """\
spark.master local-cluster[2,1,1024]
spark.driver.memory 3g
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.extraJavaOptions -Dderby.system.home={folder}/metastore -XX:+UseSerialGC
spark.executor.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1
spark.sql.warehouse.dir {folder}/warehouse
spark.sql.shuffle.partitions 2
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.ui.enabled false
spark.ui.showConsoleProgress false
"""
LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c: %m%n%ex
"""


class SparkWarehouse:
    """A copy of the project on the `spark` target of profiles.example.yml, in a folder of its own."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self._folder = folder
        settings = folder / "conf"
        settings.mkdir(parents=True)
        (settings / "spark-defaults.conf").write_text(SETTINGS.format(folder=folder))
        (settings / "log4j2.properties").write_text(LOGGING)
        self._log = folder / "session.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("spark_session.py"))],
                cwd=project.root,
                env=self._environment(settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._answer()

    def dbt(self, *arguments: str, variables: dict[str, Any] | None = None) -> Outcome:
        """Run `dbt <arguments>` on Spark; never raise for a failure."""
        command = [*arguments, "--target", "spark"]
        if variables:
            command += ["--vars", json.dumps(variables)]
        ok = bool(self._ask(dbt=command))
        return Outcome(ok, self._said(), 0 if ok else 1)

    def query(self, sql: str) -> list[Row]:
        """Run one statement and return its rows as dictionaries."""
        rows = self._folder / "rows"
        if not self._ask(sql=sql, rows=str(rows)):
            raise RuntimeError(self._said())
        return pickle.loads(rows.read_bytes())

    def executors(self) -> dict[str, int]:
        """Tasks that each worker process has completed, by its id."""
        return self._ask()

    def stop(self) -> None:
        """End the session with all its processes."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _environment(self, settings: Path) -> dict[str, str]:
        # Spark's workers keep their files below its home, which is not to be the environment.
        installed = importlib.util.find_spec("pyspark")
        assert installed, "pyspark is not installed: run `make test-spark`"
        assert installed.origin
        home = self._folder / "home"
        home.mkdir()
        for part in Path(installed.origin).parent.iterdir():
            (home / part.name).symlink_to(part)
        return self.project.environment(
            {
                **RULES_AT_ONCE,
                "SPARK_HOME": str(home),
                "SPARK_CONF_DIR": str(settings),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "PYSPARK_PYTHON": sys.executable,
                # Spark hands times to Python in the zone of the machine.
                "TZ": "UTC",
                **{name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ},
            }
        )

    def _ask(self, **request: Any) -> Any:
        assert self._process.stdin
        output = str(self._folder / "output")
        self._process.stdin.write(json.dumps({**request, "output": output}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._answer())

    def _said(self) -> str:
        return (self._folder / "output").read_text(errors="replace")

    def _answer(self) -> str:
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], 2 * TIMEOUT_SECONDS)[0]:
            self.stop()
            raise subprocess.TimeoutExpired(self._process.args, 2 * TIMEOUT_SECONDS)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"spark_session.py ended: {self._log.read_text()}")
        return answer
