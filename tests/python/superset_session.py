"""Runs in Superset's environment: what its API answers for every chart of the overview, as JSON.

A query is made of a chart's settings, the way the page in a browser makes it.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def query_of(form: dict[str, Any]) -> dict[str, Any]:
    """The query that the settings of a chart stand for."""
    if form["viz_type"] == "table":
        asked = {
            "columns": form["all_columns"],
            "orderby": [json.loads(order) for order in form["order_by_cols"]],
        }
    elif form["viz_type"] == "big_number_total":
        asked = {"columns": [], "metrics": [form["metric"]]}
    else:
        asked = {"columns": [form["x_axis"], *form["groupby"]], "metrics": form["metrics"]}
    filters = [
        {"col": one["subject"], "op": one["operator"], "val": one["comparator"]}
        for one in form["adhoc_filters"]
    ]
    return {**asked, "filters": filters, "row_limit": form["row_limit"]}


def main(user: str, password: str) -> None:
    """For each line of the input print {counts, rows: {chart: rows or what went wrong}}."""
    from superset.app import create_app

    client = create_app().test_client()
    login = {"username": user, "password": password, "provider": "db"}
    token = client.post("/api/v1/security/login", json=login).json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    for _ in sys.stdin:
        counts = {
            kind: client.get(f"/api/v1/{kind}/", headers=headers).json["count"]
            for kind in ("database", "dataset", "chart", "dashboard")
        }
        charts = client.get("/api/v1/dashboard/voc-overview/charts", headers=headers).json["result"]
        rows = {}
        for chart in charts:
            form = chart["form_data"]
            number, kind = form["datasource"].split("__")
            body = {"datasource": {"id": int(number), "type": kind}, "queries": [query_of(form)]}
            answer = client.post("/api/v1/chart/data", json=body, headers=headers)
            (result,) = answer.json.get("result", [answer.json])
            rows[chart["slice_name"]] = result["data"] if answer.status_code == 200 else result
        print(json.dumps({"counts": counts, "rows": rows}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
