"""The project as users run it: other vendors, other tables, twice, documented, on PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from harness import (
    HASH_SALT,
    NO_TESTS,
    REPOSITORY,
    Project,
    files_of_marts,
    marts_in,
)

from voc_cli.contracts import render_contracts

OWN_SCHEMAS = ("staging", "intermediate", "marts", "policy")
DOMAINS = ("survey", "crm", "support", "usage", "billing", "employee")
ONLY_GENERIC = {f"{domain}_vendors": ["generic"] for domain in DOMAINS}


def land_generic(project: Project) -> None:
    """Land the least that a company with nothing but a survey and an account list has."""
    project.land(
        "generic",
        "accounts",
        {"account_id": "varchar", "account_name": "varchar", "segment": "varchar"},
        [("A", "Alder", "enterprise"), ("B", "Birch", "small_business")],
    )
    project.land(
        "generic",
        "contacts",
        {"contact_id": "bigint", "account_id": "varchar", "email": "varchar", "title": "varchar"},
        [
            (1, "A", "Ceo@a.example", "CEO"),
            (2, "A", "u@a.example", "Analyst"),
            (3, "B", None, "CFO"),
        ],
    )
    project.land(
        "generic",
        "survey_responses",
        {
            "response_id": "varchar",
            "metric": "varchar",
            "raw_score": "varchar",
            "responded_at": "timestamp",
            "respondent_email": "varchar",
            "crm_contact_ref": "bigint",
        },
        [
            ("r1", "nps", "9", datetime(2026, 6, 1), "ceo@A.example", None),
            ("r2", "nps", "3", datetime(2026, 6, 2), None, 2),
            ("r3", "nps", "eleven", datetime(2026, 6, 2), None, 3),
        ],
    )


def texts_of(project: Project, schemas: str) -> dict[str, list[str]]:
    """The text columns of every table (views aside) of these schemas."""
    found: dict[str, list[str]] = {}
    for row in project.query(
        "select table_schema || '.' || table_name as t, column_name as c"
        " from information_schema.columns"
        " join information_schema.tables using (table_schema, table_name)"
        f" where table_schema in ({schemas}) and table_type = 'BASE TABLE' and data_type = 'VARCHAR'"
    ):
        found.setdefault(row["t"], []).append(row["c"])
    return found


def test_the_demo_holds_its_planted_truths(demo: Project) -> None:
    truths = json.loads((REPOSITORY / "demo" / "truths.json").read_text())["truths"]

    def account(name: str) -> dict:
        (account_id,) = truths[name]["rows"]["salesforce__account.id"]
        (row,) = demo.query(
            "select * from marts.account_nps where account_id = ? and period_end = date '2026-06-30'",
            [account_id],
        )
        return row

    example = account("worked_example")
    assert example["account_nps"] == -15
    assert round(example["pooled_nps"], 2) == 33.33
    assert example["waterfall_nps"] == 0
    assert example["definitions_disagree_in_sign"]
    assert example["has_role_conflict"]

    silent = account("decision_maker_silent")
    assert silent["decision_maker_nps"] is None
    assert (silent["account_nps"], silent["nps_low_bound"], silent["nps_high_bound"]) == (
        -30,
        -65,
        35,
    )
    assert silent["role_weight_coverage"] == 0.5
    assert silent["is_reportable"]

    conflicts = {
        row["account_id"]
        for row in demo.query(
            "select account_id from marts.account_nps where has_role_conflict and period_end = date '2026-06-30'"
        )
    }
    for name in ("role_conflict_buyer_unhappy", "role_conflict_buyer_happy"):
        assert set(truths[name]["rows"]["salesforce__account.id"]) <= conflicts

    movers = demo.query(
        "select account_id from marts.nps_movers where period_end = date '2026-06-30' and rank <= 2"
    )
    assert {row["account_id"] for row in movers} == set(
        truths["movers"]["rows"]["salesforce__account.id"]
    )


def test_the_planted_tickets_of_the_demo_come_out_as_planted(demo: Project) -> None:
    books = json.loads((demo.root / "demo" / "truths.json").read_text(encoding="utf-8"))
    planted = {**books["truths"], **books["dirt"]}
    found = {row["ticket_id"]: row for row in demo.query("select * from marts.fct_tickets")}

    def ids(name: str) -> list[str]:
        return [str(number) for number in planted[name]["rows"]["zendesk__ticket.id"]]

    riddles = [
        name
        for name in planted
        if "first_reply_business_minutes" in planted[name].get("expected", {})
    ]
    assert len(riddles) >= 5
    for name in riddles:
        (key,) = ids(name)
        for column in ("first_reply_minutes", "first_reply_business_minutes"):
            assert found[key][column] == planted[name]["expected"][column], name
    for key, target in planted["merged_tickets"]["expected"]["merged_into"].items():
        assert found[key]["merged_into_ticket_id"] == str(target)
        assert (found[key]["is_merged"], found[key]["is_first_contact_resolution"]) == (True, None)
    assert not set(ids("deleted_tickets")) & found.keys()
    reopened = {key for key, row in found.items() if row["reopens"]}
    assert set(ids("reopened_tickets")) == reopened
    (ancient,) = ids("ticket_open_400_days")
    assert (found[ancient]["is_solved"], found[ancient]["is_resolution_sla_met"]) == (False, False)
    assert set(ids("tickets_of_merged_accounts")) <= found.keys()
    reasons = demo.query(
        "select ticket_id, quarantine_reason from intermediate.int_support__tickets_checked"
        " where quarantine_reason is not null"
    )
    assert {row["ticket_id"]: row["quarantine_reason"] for row in reasons} == {
        ids("ticket_solved_before_created")[0]: "impossible_order",
        ids("ticket_of_unknown_organization")[0]: "unknown_account",
    }


def test_building_twice_changes_nothing(forked_demo: Project) -> None:
    before = marts_in(forked_demo.database)
    outcome = forked_demo.dbt("build", *NO_TESTS)
    assert outcome.ok, outcome.output
    assert marts_in(forked_demo.database) == before
    assert all(rows for name, (rows, _) in before.items()), before


@pytest.mark.slow
def test_generic_tables_alone_are_enough(project: Project) -> None:
    land_generic(project)
    variables = {"voc_demo": False, "as_of_date": "2026-06-30", **ONLY_GENERIC}
    outcome = project.build(variables=variables)
    assert outcome.ok, outcome.output
    (row,) = project.query(
        "select * from marts.account_nps where account_id = 'A' and period_end = date '2026-06-30'"
    )
    assert (row["decision_maker_nps"], row["user_nps"], row["manager_nps"]) == (100, -100, None)
    assert row["account_nps"] == pytest.approx((0.5 * 100 - 0.2 * 100) / 0.7)
    reasons = project.query("select record_id, reason from marts.quarantined_records")
    assert reasons == [{"record_id": "r3", "reason": "score_not_a_number"}]


@pytest.mark.slow
def test_landed_tables_give_what_the_demo_gives(demo: Project, forked_demo: Project) -> None:
    """The demo's own tables read as sources, every domain by its vendors: the same marts."""
    outcome = forked_demo.dbt(
        "build",
        *NO_TESTS,
        variables={"voc_demo": False, "as_of_date": "2026-06-30"},
    )
    assert outcome.ok, outcome.output
    landed, shown = marts_in(forked_demo.database), marts_in(demo.database)
    # whoever builds on tables of his own is also told of those that did not land or that nobody reads
    del landed["landed_tables"], shown["landed_tables"]
    assert landed == shown
    of_tables = (
        "select * from marts.landed_tables order by source_vendor, domain, entity, table_name"
    )
    told, told_in_demo = forked_demo.query(of_tables), demo.query(of_tables)
    assert [row for row in told_in_demo if row not in told] == []
    assert [row["table_name"] for row in told if row not in told_in_demo and row["is_found"]] == [
        "contact_mailing_list_membership"
    ]
    assert [row for row in told if row["is_missed"]] == []


@pytest.mark.slow
def test_one_vendor_per_domain(demo: Project, forked_demo: Project) -> None:
    """Only Qualtrics asks: the NPS stays, and the satisfaction ratings of tickets are gone."""
    variables = {"voc_demo": False, "as_of_date": "2026-06-30", "survey_vendors": ["qualtrics"]}
    outcome = forked_demo.build(variables=variables)
    assert outcome.ok, outcome.output
    company = "select nps, ci_low, responses from marts.company_nps where scope_type = 'company' order by period_end"
    assert forked_demo.query(company) == demo.query(company)
    assert forked_demo.query("select distinct source_vendor from marts.fct_survey_responses") == [
        {"source_vendor": "qualtrics"}
    ]


@pytest.mark.slow
def test_a_survey_and_a_crm_are_enough(demo: Project, forked_demo: Project) -> None:
    variables = {
        "voc_demo": False,
        "as_of_date": "2026-06-30",
        "survey_vendors": ["qualtrics"],
        **{f"{domain}_vendors": [] for domain in ("support", "usage", "billing", "employee")},
    }
    outcome = forked_demo.build(variables=variables)
    assert outcome.ok, outcome.output
    scores = (
        "select account_id, account_nps, ci_low, ci_high from marts.account_nps "
        "where period_end = date '2026-06-30' order by 1"
    )
    assert forked_demo.query(scores) == demo.query(scores)
    assert forked_demo.value("select count(*) from marts.fct_tickets") == 0
    assert forked_demo.value("select count(*) from marts.fct_invoices") == 0


@pytest.mark.slow
def test_a_new_vendor_is_one_folder_and_one_line(project: Project) -> None:
    """CONTRIBUTING.md, done: a survey tool that nobody modelled yet."""
    land_generic(project)
    project.land(
        "delighted",
        "response",
        {"id": "varchar", "score": "bigint", "person_email": "varchar", "created_at": "bigint"},
        [("d1", 10, "U@a.example", 1781000000), ("d2", 12, "u@a.example", 1781000000)],
    )
    folder = "models/staging/delighted"
    project.write(
        f"{folder}/_delighted__sources.yml",
        "sources:\n"
        "  - name: delighted\n"
        "    schema: \"{{ var('delighted_schema', 'delighted') }}\"\n"
        "    tables: [{name: response}]\n",
    )
    texts = (
        *("survey_response_id", "survey_id", "question_id", "detected_metric", "survey_family"),
        *("touchpoint", "crm_contact_ref", "external_contact_ref", "employee_ref"),
        *(
            "account_ref",
            "other_account_ref",
            "invitation_ref",
            "agent_ref",
            "team_ref",
            "ticket_ref",
        ),
    )
    contract = dict.fromkeys(texts, "string")
    contract |= dict.fromkeys(("scale_min", "scale_max", "top_box_from"), "double precision")
    contract |= dict.fromkeys(("higher_is_better", "is_test", "is_survey_known"), "boolean")
    nulls = "".join(
        f"    {{{{ field(response, '{name}', '{kind}') }}}} as {name},\n"
        for name, kind in contract.items()
    )
    project.write(
        f"{folder}/stg_delighted__survey_responses.sql",
        "{{ config(enabled=is_listed('survey', 'delighted')) }}\n"
        "{%- set response = landed('delighted', 'response', in_demo=false) %}\n\n"
        "select\n"
        "    {{ field(response, 'id', required=true) }} as response_id,\n"
        "    'nps' as metric,\n"
        "    {{ field(response, 'score', 'double precision') }} as raw_score,\n"
        "    {{ field(response, 'created_at', 'timestamp') }} as responded_at,\n"
        "    {{ field(response, 'person_email') }} as respondent_email,\n"
        f"{nulls}"
        "    {{ loaded_at(response) }} as loaded_at,\n"
        "    {{ parse_errors(response, names={'created_at': 'responded_at'}) }} as parse_errors\n"
        "from {{ landed_from(response) }}\n"
        "where\n"
        "    {{ live_rows(response) }}\n",
    )
    for entity in ("survey_invitations", "case_records", "verbatims"):
        project.write(
            f"{folder}/stg_delighted__{entity}.sql",
            "{{ config(enabled=is_listed('survey', 'delighted')) }}\n\n"
            f"{{{{ stage_nothing('survey', '{entity}') }}}}\n",
        )
    variables = {"voc_demo": False, "as_of_date": "2026-06-30", **ONLY_GENERIC}
    variables["survey_vendors"] = ["generic", "delighted"]
    outcome = project.build(variables=variables)
    assert outcome.ok, outcome.output
    (row,) = project.query(
        "select user_nps, responses from marts.account_nps "
        "where account_id = 'A' and period_end = date '2026-06-30'"
    )
    # the analyst said 3 on 2 June and 10 on 9 June
    assert row == {"user_nps": 100, "responses": 2}
    assert project.query("select record_id, reason from marts.quarantined_records order by 1") == [
        {"record_id": "d2", "reason": "score_out_of_scale"},
        {"record_id": "r3", "reason": "score_not_a_number"},
    ]


@pytest.mark.slow
@pytest.mark.parametrize("all_varchar", [False, True], ids=["typed", "all text"])
def test_landed_samples_are_digested(
    project: Project, landed_samples: Path, all_varchar: bool
) -> None:
    """Small public tables as a connector lands them, unchanged: every row is found again."""
    for vendor in ("qualtrics", "salesforce", "zendesk"):
        project.land_csv_folder(landed_samples / vendor, vendor, all_varchar)
    variables = {
        "voc_demo": False,
        "as_of_date": "2026-06-30",
        **{f"{domain}_vendors": [] for domain in ("usage", "billing", "employee")},
    }
    outcome = project.build(variables=variables)
    assert outcome.ok, outcome.output
    # answers: five, none of a metric, none with a session that was landed
    assert project.query(
        "select count(*) as landed, count(*) filter (where is_scored) as scored "
        "from intermediate.int_survey__responses_checked where source_vendor = 'qualtrics'"
    ) == [{"landed": 5, "scored": 0}]
    # invitations: five contacts of five sends, of surveys that nobody told the purpose of
    assert (
        project.value(
            "select count(*) from restricted.employee_invitations where source_vendor = 'qualtrics'"
        )
        == 5
    )
    assert project.value("select count(*) from marts.fct_survey_invitations") == 0
    assert project.query(
        "select item, records from marts.data_gaps where gap = 'invitation_to_nobody_knows_whom' order by item"
    ) == [
        {"item": "(no survey)", "records": 4},
        {"item": "(survey without a purpose)", "records": 1},
    ]
    # accounts: nine of ten are in the recycle bin, one of them merged into a row never landed
    assert project.query("select account_id from marts.dim_accounts") == [
        {"account_id": "0015500000Xyy06AAB"}
    ]
    assert project.query(
        "select entity, record_id, reason from marts.quarantined_records where entity = 'account_merges'"
    ) == [
        {"entity": "account_merges", "record_id": "0015500000Ygpq1AAB", "reason": "unknown_account"}
    ]
    # contacts: four landed, three at accounts that were not, as is the lead that became a contact
    assert project.value("select count(*) from marts.dim_contacts where is_in_crm") == 1
    strangers = [
        "0031G00000q9jPQAQ",
        "0031G00000qAfq1QAC",
        "0031G00000rfAvuQAE",
        "00Q1G00000nDnM5UAK",
    ]
    assert project.query(
        "select record_id from intermediate.int_crm__contacts_checked"
        " where quarantine_reason = 'unknown_account' order by record_id"
    ) == [{"record_id": key} for key in strangers]
    # the keys of people are not public
    public = project.query(
        "select record_id from marts.quarantined_records"
        " where entity = 'contacts' and reason = 'unknown_account'"
    )
    assert len(public) == len(strangers)
    assert not {row["record_id"] for row in public} & {*strangers}


def test_every_public_column_is_described(forked_demo: Project) -> None:
    outcome = forked_demo.dbt("docs", "generate", "--write-json")
    assert outcome.ok, outcome.output
    manifest = json.loads((forked_demo.root / "target" / "manifest.json").read_text())
    catalog = json.loads((forked_demo.root / "target" / "catalog.json").read_text())
    missing = []
    for key, node in manifest["nodes"].items():
        if node["resource_type"] in ("model", "seed") and not node["description"].strip():
            missing.append(node["name"])
        if node["resource_type"] == "model" and node["access"] == "public":
            assert node["contract"]["enforced"], node["name"]
            assert node["group"], node["name"]
            for column in catalog["nodes"][key]["columns"]:
                described = node["columns"].get(column, node["columns"].get(column.lower(), {}))
                if not described.get("description", "").strip():
                    missing.append(f"{node['name']}.{column}")
    assert not missing


def test_every_public_mart_is_promised_and_every_promise_kept(demo: Project) -> None:
    """The columns that dashboards build on, by name."""
    columns = {
        (row["table_name"], row["column_name"])
        for row in demo.query(
            "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
        )
    }
    promised = json.loads((REPOSITORY / "tests" / "python" / "promised_columns.json").read_text())
    missing = [
        (mart, name)
        for mart, names in promised.items()
        for name in names
        if (mart, name) not in columns
    ]
    assert not missing


def test_every_share_has_its_interval_or_says_why_not() -> None:
    """A double from 0 to 1 in a mart is a share; its interval is named after it."""
    bare, judged = [], 0
    for file in files_of_marts("*.yml"):
        for mart in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            columns = {column["name"]: column for column in mart["columns"]}
            for name, column in columns.items():
                limits = [
                    test["in_range"]["arguments"]
                    for test in column.get("data_tests", [])
                    if isinstance(test, dict) and "in_range" in test
                ]
                is_share = column.get("data_type") == "double precision" and limits == [
                    {"low": 0, "high": 1}
                ]
                if not (is_share or name == "nrr") or name.endswith(("_ci_low", "_ci_high")):
                    continue
                if name in ("ci_low", "ci_high") or name.endswith("_weight"):
                    continue
                judged += 1
                # of a rate that is the only one, or one of two kinds, the interval has no name
                stems = (name, name.removesuffix("_rate"), name.removesuffix("_share"))
                stems += (name.replace("_rate_", "_"),)
                ends = {"ci_low", *(f"{stem}_ci_low" for stem in stems)}
                text = described(column)
                is_said = "No interval" in text or "interval is in" in text
                if not (ends & columns.keys() or is_said):
                    bare.append(f"{mart['name']}.{name}")
    assert not bare
    assert judged > 25


def described(column: dict) -> str:
    """The description of a column, also where it stands in a block of docs."""
    text = column["description"]
    named = re.search(r"doc\('(\w+)'\)", text)
    if named is None:
        return text
    blocks = files_of_marts("*__docs.md")
    pages = "\n".join(page.read_text(encoding="utf-8") for page in blocks)
    return pages.split(f"{{% docs {named[1]} %}}")[1].split("{% enddocs %}")[0]


def test_no_mart_at_agent_team_or_ticket_grain_carries_nps(demo: Project) -> None:
    """The KPI fits the control: agents and teams are judged by CSAT and CES."""
    judged = set()
    for file in files_of_marts("*.yml"):
        for mart in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            if grain_of(mart) & {"agent_id", "team_id", "ticket_id"}:
                judged.add(mart["name"])
    assert judged == {
        *("dim_teams", "fct_tickets", "service_kpis", "team_csat_differences", "team_voe_csat")
    }
    listed = ", ".join(f"'{name}'" for name in sorted(judged))
    columns = demo.query(
        "select table_name, column_name from information_schema.columns"
        f" where table_schema = 'marts' and table_name in ({listed})"
    )
    assert {row["table_name"] for row in columns} == judged
    forbidden = re.compile("nps|promoter|detractor|passive")
    assert not [row for row in columns if forbidden.search(row["column_name"])]
    # Marts with teams among their scopes count what was done, and have no score.
    scores = demo.query(
        "select column_name from information_schema.columns where table_schema = 'marts'"
        " and table_name = 'closed_loop_kpis' and column_name like '%nps%'"
    )
    assert not scores


def grain_of(mart: dict) -> set[str]:
    """The columns whose values, alone or together, tell the rows of a mart apart."""
    found = {
        column["name"] for column in mart["columns"] if "unique" in (column.get("data_tests") or [])
    }
    for test in mart.get("data_tests", []):
        if isinstance(test, dict) and "unique_grain" in test:
            found |= set(test["unique_grain"]["arguments"]["columns"])
        elif isinstance(test, dict) and "unique" in test:
            found |= set(re.findall(r"\w+", test["unique"]["arguments"]["column_name"]))
    return found


def test_the_page_of_contracts_is_the_contracts() -> None:
    page = (REPOSITORY / "docs" / "contracts.md").read_text(encoding="utf-8")
    assert page == render_contracts(REPOSITORY), "run python -m voc_cli contracts"


def test_nothing_personal_reaches_a_mart(demo: Project) -> None:
    """No value of any text column of a mart is an e-mail address, or a name or mail that landed."""
    people = {
        text.lower()
        for row in demo.query("select name, email from salesforce.contact where email is not null")
        for text in row.values()
        if text
    }
    for table, columns in texts_of(demo, "'marts'").items():
        listed = ", ".join(f'list(distinct lower("{name}")) as "{name}"' for name in columns)
        for name, values in demo.query(f"select {listed} from {table}")[0].items():
            texts = {text for text in values or () if text}
            assert not texts & people, f"{table}.{name}"
            found = [text for text in texts if re.search(r"[\w.]+@[\w.]+\.\w", text)]
            assert not found, f"{table}.{name}"


def test_addresses_are_stored_nowhere_but_where_they_landed(demo: Project) -> None:
    """Tables of ours hold no e-mail, and no definition of a view shows the salt of the hash."""
    stored = texts_of(demo, "'staging', 'intermediate', 'marts', 'policy'")
    assert stored
    address = "[A-Za-z0-9_.+-]@[A-Za-z0-9-]+[.][A-Za-z]"
    for table, columns in stored.items():
        counted = ", ".join(
            f'count(*) filter (regexp_matches("{name}", \'{address}\')) as "{name}"'
            for name in columns
        )
        (found,) = demo.query(f"select {counted} from {table}")
        assert not any(found.values()), f"{table}: {found}"
    shown = "select view_name from duckdb_views() where contains(sql, ?)"
    assert not demo.query(shown, [HASH_SALT])
