"""A process with one Spark session, in which dbt commands and queries run one after another.

A session takes 20 seconds to start, and each command of dbt would start one. `spark_warehouse.py`
starts this beside a copy of the project: requests come in as lines of JSON, what a request prints
goes to its file of output, and its result goes out as a line of JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession


def main() -> None:
    """Say that we are ready, and serve until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print("ready", file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        written = os.open(request.pop("output"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for target in (1, 2):
            os.dup2(written, target)
        os.close(written)
        try:
            result: Any = serve(**request)
        except BaseException:
            traceback.print_exc()
            result = None
        sys.stdout.flush()
        print(json.dumps(result), file=answers)
    session().stop()


def serve(
    dbt: list[str] | None = None, sql: str | None = None, rows: str | None = None
) -> bool | dict[str, int]:
    """Whether `dbt <arguments>` succeeded; or put the rows of a query in a file; or the executors."""
    if dbt is not None:
        return dbtRunner().invoke(dbt).success
    if sql is not None and rows is not None:
        found = [row.asDict() for row in session().sql(sql).collect()]
        Path(rows).write_bytes(pickle.dumps(found))
        return True
    return executors()


def executors() -> dict[str, int]:
    """Tasks that each executor has completed, as Spark itself counts them; the driver is none."""
    listed = session().sparkContext._jsc.sc().statusStore().executorList(False)
    found = [listed.apply(number) for number in range(listed.size())]
    return {one.id(): one.completedTasks() for one in found if one.id() != "driver"}


def session() -> SparkSession:
    """The session that dbt uses too."""
    return SparkSession.builder.enableHiveSupport().getOrCreate()


if __name__ == "__main__":
    main()
