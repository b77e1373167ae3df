"""The headline figures of a built warehouse, read through dbt: one SQL for every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from voc_cli.dbt_runs import SILENT, failure_text, run_dbt
from voc_cli.settings import UserError
from voc_weighting.results import aligned

COMPANY = "build_summary_company"
LOWEST_ACCOUNTS = "build_summary_lowest_accounts"
QUARANTINE = "build_summary_quarantine"
HEALTH = "build_summary_health"
CLOSED_LOOP = "build_summary_closed_loop"
DELIVERY_GAP = "build_summary_delivery_gap"
MISSED_TABLES = "build_summary_missed_tables"
GAPS = "build_summary_gaps"
REASONS_SHOWN = 3
ENTITIES_SHOWN = 3

#: What a gap of data_gaps says of the records it counts.
GAP_TEXTS = {
    "business_hours_without_schedule": "SLA targets in business hours without a usable schedule",
    "churned_but_paying": "accounts that left by the CRM and pay by billing",
    "invitation_to_nobody_knows_whom": "invitations that nothing says a customer got, so they are not public",
    "renewal_status_not_scored": "accounts with a renewal status that renewal_status_scores does not name",
    "severity_without_target": "tickets of a severity without an SLA target",
    "title_without_role": "people whose title maps to no role",
    "usage_feed_younger_than_window": "days of a usage feed that has not filled its window and gives no signal",
}

Row = Mapping[str, Any]


def read_figures(connection: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rows of each summary query in analyses/build_summary, by the query's name.

    `connection` holds the dbt arguments that choose the warehouse (--target, --vars and so on).
    Raises UserError when the marts cannot be read.
    """
    queries = (
        *(COMPANY, HEALTH, CLOSED_LOOP, DELIVERY_GAP, LOWEST_ACCOUNTS, QUARANTINE),
        *(MISSED_TABLES, GAPS),
    )
    result = run_dbt(["show", "--select", *queries, "--limit", "-1", *SILENT, *connection])
    if not result.success:
        raise UserError(
            f"The marts could not be read. {failure_text(result)}\n"
            "If nothing is built yet, run `make build` first."
        )
    return {
        shown.node.name: [
            dict(zip(shown.agate_table.column_names, row, strict=True))
            for row in shown.agate_table.rows
        ]
        for shown in result.result.results
    }


def render(figures: Mapping[str, Sequence[Row]]) -> str:
    """Turn the figures of `read_figures` into the text that the user sees."""
    company = figures[COMPANY][0]
    lines = [
        f"  Accounts          {_number(company['account_count'])}",
        f"  Survey responses  {_number(company['response_count'])}",
        f"  Company NPS       {_company_nps(company)}",
        f"  Customer health   {_bands(figures[HEALTH])}",
        f"  At risk           {_at_risk(figures[HEALTH])}",
        f"  Closed loop       {_closed_loop(figures[CLOSED_LOOP])}",
        f"  Recovered         {_recovered(figures[CLOSED_LOOP])}",
        f"  To call           {_to_call(figures[CLOSED_LOOP])}",
        f"  Delivery gap      {_delivery_gap(figures[DELIVERY_GAP])}",
        f"  Quarantined       {_quarantine(figures[QUARANTINE])}",
        "",
        *_lowest_accounts(figures[LOWEST_ACCOUNTS]),
        *_warnings(figures[MISSED_TABLES], figures[GAPS]),
    ]
    return "\n".join(lines)


def _company_nps(company: Row) -> str:
    if company["nps"] is None:
        return "none yet (no NPS response in the window)"
    caution = "" if company["is_reportable"] else ", too few to report"
    return (
        f"{_score(company['nps'])} (95 % interval {_interval(company)},"
        f" {_number(company['nps_responses'])} responses{caution}) at {company['period_end']}"
    )


def _bands(rows: Sequence[Row]) -> str:
    bands = [
        f"{row['reported_band']} {_number(row['customers'])}" for row in rows if row["customers"]
    ]
    return f"{', '.join(bands)} (customers)" if bands else "no customers"


def _at_risk(rows: Sequence[Row]) -> str:
    lowest, alerts, past_due = (
        rows[0][name] for name in ("lowest_band", "open_alerts", "past_due_alerts")
    )
    arr = sum(float(row["arr"] or 0) for row in rows if row["reported_band"] == lowest)
    return (
        f"{_number(arr)} ARR in {lowest}, {_number(alerts)} open P0 alerts"
        f" ({_number(past_due)} past due)"
    )


def _closed_loop(rows: Sequence[Row]) -> str:
    if not rows:
        return "no bad answers in the window"
    (row,) = rows
    return (
        f"{_share(row['detractor_follow_up_rate'], row['due_detractors'])} detractors followed up in"
        f" time, {_share(row['closed_loop_rate'], row['closure_due_cases'])} cases closed"
    )


def _recovered(rows: Sequence[Row]) -> str:
    if not rows:
        return "nobody to recover"
    (row,) = rows
    unprompted = _share(row["recovery_rate_not_followed_up"], row["re_surveyed_not_followed_up"])
    return (
        f"{_share(row['detractor_recovery_rate'], row['re_surveyed'])} detractors asked again after"
        f" a follow-up ({unprompted} without one)"
    )


def _to_call(rows: Sequence[Row]) -> str:
    if not rows:
        return "nobody"
    return (
        f"{_number(rows[0]['open_cases'])} open cases ({_number(rows[0]['overdue_cases'])} overdue)"
    )


def _delivery_gap(rows: Sequence[Row]) -> str:
    if not rows:
        return "none yet (no team with enough tickets and answers in a month)"
    (row,) = rows
    return (
        f"{row['team_name']} {float(row['delivery_gap']):.0f} points (SLA"
        f" {_share(row['sla_attainment'])}, CSAT {_share(row['csat_rate'], row['csat_responses'])}"
        f" answers) in the month to {row['period_end']}"
    )


def _quarantine(rows: Sequence[Row]) -> str:
    if not rows:
        return "no records"
    reasons = ", ".join(
        f"{row['reason']} {_number(row['records'])}" for row in rows[:REASONS_SHOWN]
    )
    more = f", {len(rows) - REASONS_SHOWN} more reasons" if len(rows) > REASONS_SHOWN else ""
    return f"{_number(rows[0]['all_records'])} records ({reasons}{more})"


def _lowest_accounts(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["  No account has enough responses for a reportable NPS yet."]
    table = [("Lowest account NPS", "Segment", "ARR", "Votes", "NPS", "Interval")]
    for row in rows:
        table.append(
            (
                str(row["account_name"]),
                str(row["segment"] or "-"),
                "-" if row["arr"] is None else _number(row["arr"]),
                _number(row["responses"]),
                _score(row["nps"]),
                _interval(row),
            )
        )
    return [f"  {line}" for line in aligned(table, right=range(2, len(table[0])))]


def _warnings(missed: Sequence[Row], gaps: Sequence[Row]) -> list[str]:
    """What did not land, a line for each vendor, and what landed and cannot be used."""
    lines = []
    for vendor, rows in groupby(missed, lambda row: row["source_vendor"]):
        found = list(rows)
        entities = list(dict.fromkeys(row["entity"] for row in found))
        shown = ", ".join(entities[:ENTITIES_SHOWN])
        more = f" and {len(entities) - ENTITIES_SHOWN} more" if entities[ENTITIES_SHOWN:] else ""
        lines.append(
            f"Warning: {vendor} landed no table for {shown}{more}; marts.landed_tables names them."
        )
        near = {row["table_name"]: row["near_name"] for row in found if row["near_name"]}
        lines += [
            f"Warning: {vendor}.{table} did not land. Did you mean {vendor}.{name}?"
            for table, name in near.items()
        ]
    for gap, rows in groupby(gaps, lambda row: row["gap"]):
        items = list(rows)
        named = ", ".join(
            f"{row['source_vendor']} {row['item']} {_number(row['records'])}" for row in items
        )
        more = int(items[0]["items"]) - len(items)
        lines.append(
            f"Warning: {_number(items[0]['all_records'])} {GAP_TEXTS[gap]}"
            f" ({named}{f', {more} more' if more else ''}); marts.data_gaps names them."
        )
    return ["", *(f"  {line}" for line in lines)] if lines else []


def _interval(row: Row) -> str:
    if row["ci_low"] is None or row["ci_high"] is None:
        return "-"
    return f"{_score(row['ci_low'])} to {_score(row['ci_high'])}"


def _share(value: Any, of: Any = None) -> str:
    shown = "-" if value is None else f"{100 * float(value):.0f} %"
    return shown if of is None else f"{shown} of {_number(of)}"


def _score(value: Any) -> str:
    return f"{float(value):.1f}"


def _number(value: Any) -> str:
    return f"{float(value):,.0f}"
