"""A CRM that nobody modelled yet is a folder of staging models and one line: everything else knows it by these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb
import pytest
from harness import Project

from voc_cli.contracts import read_contracts

pytestmark = pytest.mark.slow

FOLDER = "models/staging/toy_crm"
LINE = ("crm_vendors: [salesforce]", "crm_vendors: [toy_crm]")
VARIABLES = {
    "voc_demo": False,
    "as_of_date": "2026-06-30",
    "survey_vendors": ["generic"],
    **{f"{domain}_vendors": [] for domain in ("support", "usage", "billing", "employee")},
}
SOURCES = """\
sources:
  - name: toy_crm
    schema: "{{ var('toy_crm_schema', 'toy_crm') }}"
    config: {meta: {load_stale_days: 5}}
    tables:
      - {name: company, description: "Companies.", config: {meta: {repeated: 0.5}}}
      - name: contact
        description: "People at companies."
        columns:
          - {name: id, config: &contact_spreads {meta: {person: contact, spreads: true}}}
          - {name: visitor_id, config: {meta: {person: toy_crm_visitor, spreads: true}}}
          - {name: property_email, config: &email_spreads {meta: {contains_pii: true, person: email, spreads: true}}}
          - {name: property_lastname, config: {meta: {contains_pii: true}}}
      - name: contact_property_history
        description: "What was changed of a contact, a row per property and change."
        config: {meta: {key: [contact_id, name, timestamp]}}
        columns:
          - {name: contact_id, config: {meta: {person: contact}}}
          - {name: value, config: {meta: {contains_pii: true, person: email, personal_unless: {name: [jobtitle, associatedcompanyid]}}}}
      - name: deal
        description: "Deals."
        config: {meta: {key: [[deal_id, id]], news: {column: [createdate, property_createdate], stale_days: 90}}}
        columns:
          - {name: property_amount, config: {meta: {range: [0, null]}}}
"""
COMPANIES = """\
{{ config(enabled=is_listed('crm', 'toy_crm')) }}
{%- set company = landed('toy_crm', 'company', in_demo=false) %}

select
    {{ field(company, 'id', required=true) }} as account_id,
    {{ field(company, 'property_name') }} as account_name,
    {{ field(company, 'property_segment') }} as segment,
    {{ field(company, 'property_createdate', 'timestamp') }} as created_at,
    @other_columns@
    {{ loaded_at(company) }} as loaded_at,
    {{ parse_errors(company, names={'property_createdate': 'created_at'}) }} as parse_errors
from {{ landed_from(company) }}
where
    {{ live_rows(company) }}
"""
CONTACTS = """\
{{ config(enabled=is_listed('crm', 'toy_crm')) }}
{%- set contact = landed('toy_crm', 'contact', in_demo=false) %}

select
    {{ field(contact, 'id', required=true) }} as contact_id,
    {{ field(contact, 'property_associatedcompanyid') }} as account_id,
    {{ field(contact, 'property_email') }} as email,
    {{ field(contact, 'property_jobtitle') }} as title,
    @other_columns@
    {{ loaded_at(contact) }} as loaded_at,
    {{ parse_errors(contact) }} as parse_errors
from {{ landed_from(contact) }}
where
    {{ live_rows(contact) }}
"""
CONTACT_VERSIONS = """\
{{ config(enabled=is_listed('crm', 'toy_crm')) }}
{%- set history = landed('toy_crm', 'contact_property_history', in_demo=false) %}

select
    record_id as contact_id,
    valid_from,
    valid_to,
    account_id,
    title,
    crm_role,
    loaded_at,
    parse_errors
from
    {{ property_versions(
        history, 'contact_id',
        {'account_id': 'associatedcompanyid', 'title': 'jobtitle', 'crm_role': ['buying_role', 'hs_buying_role']},
    ) }}
"""
DEALS = """\
{{ config(enabled=is_listed('crm', 'toy_crm')) }}
{%- set deal = landed('toy_crm', 'deal', in_demo=false) %}

select
    {{ field(deal, ['deal_id', 'id'], required=true) }} as opportunity_id,
    {{ field(deal, 'company_id') }} as account_ref,
    {{ field(deal, 'property_amount', 'numeric(18,2)') }} as amount,
    {{ field(deal, ['createdate', 'property_createdate'], 'timestamp') }} as created_at,
    @other_columns@
    {{ loaded_at(deal) }} as loaded_at,
    {{ parse_errors(deal) }} as parse_errors
from {{ landed_from(deal) }}
where
    {{ live_rows(deal) }}
"""
MODELS = {
    "accounts": COMPANIES,
    "contacts": CONTACTS,
    "contact_versions": CONTACT_VERSIONS,
    "opportunities": DEALS,
}
DEAL = {
    "deal_id": "varchar",
    "company_id": "bigint",
    "property_amount": "varchar",
    "property_createdate": "timestamp",
    "_fivetran_synced": "timestamp",
}
LOADED = datetime(2026, 6, 29)


def model_of(entity: str, contract: Mapping[str, Any]) -> str:
    """The staging model: of the columns that the tool does not have, typed nulls."""
    if entity not in MODELS:
        return (
            "{{ config(enabled=is_listed('crm', 'toy_crm')) }}\n\n"
            f"{{{{ stage_nothing('crm', '{entity}') }}}}\n"
        )
    text = MODELS[entity]
    nulls = []
    for column in contract["columns"]:
        name = column.get("config", {}).get("meta", {}).get("hash_of", column["name"])
        if name != "source_vendor" and f" as {name}" not in text:
            nulls.append(
                f"cast(null as {{{{ sql_type('{column['data_type']}') }}}}) as {name},\n    "
            )
    return text.replace("@other_columns@\n    ", "".join(nulls))


def land(project: Project) -> None:
    synced = {"_fivetran_synced": "timestamp"}
    project.land(
        "toy_crm",
        "company",
        {
            **{"id": "bigint", "property_name": "varchar", "property_segment": "varchar"},
            **{"property_createdate": "varchar", "is_deleted": "boolean"},
            **synced,
        },
        [
            (101, "Alder", "enterprise", "2024-01-02T00:00:00Z", False, LOADED),
            (102, "Birch", "small_business", "last spring", False, LOADED),
            (103, "Cedar", "small_business", "2024-01-02", True, LOADED),
        ],
    )
    project.land(
        "toy_crm",
        "contact",
        {
            **{"id": "bigint", "visitor_id": "varchar", "property_email": "varchar"},
            **{"property_lastname": "varchar", "property_jobtitle": "varchar"},
            **{"property_associatedcompanyid": "bigint"},
            **synced,
        },
        [
            (1, "V-1", "Ann@alder.example", "Traceable-One", "CEO", 101, LOADED),
            (2, "V-2", "bo@alder.example", "Traceable-Two", "Analyst", 101, LOADED),
        ],
    )
    changes = [
        (1, "associatedcompanyid", "101", "2024-02-01 00:00:00"),
        (1, "jobtitle", "Analyst", "2024-02-01 00:00:00"),
        (1, "email", "ann@alder.example", "2024-02-01 00:00:00"),
        (1, "JobTitle", "CEO", "2026-03-01 00:00:00"),
        (2, "associatedcompanyid", "102", "2024-02-01 00:00:00"),
        (2, "jobtitle", "Analyst", "2024-02-01 00:00:00"),
        (2, "associatedcompanyid", "101", "2025-01-01 00:00:00"),
        (2, "jobtitle", None, "2025-06-01 00:00:00"),
        (2, "jobtitle", "Analyst", "once upon a time"),
    ]
    project.land(
        "toy_crm",
        "contact_property_history",
        {
            **{"contact_id": "bigint", "name": "varchar", "value": "varchar"},
            **{"timestamp": "varchar"},
            **synced,
        },
        [(*change, LOADED) for change in changes],
    )
    project.land(
        "toy_crm",
        "deal",
        DEAL,
        [("D1", 101, "1200.50", datetime(2026, 5, 1), LOADED)],
    )
    project.land(
        "generic",
        "survey_responses",
        {
            **{"response_id": "varchar", "metric": "varchar", "raw_score": "bigint"},
            **{"responded_at": "timestamp", "crm_contact_ref": "bigint"},
            "respondent_email": "varchar",
        },
        [
            ("r1", "nps", 9, datetime(2026, 2, 1), 1, None),
            ("r2", "nps", 9, datetime(2026, 6, 1), None, "ann@Alder.example"),
            ("r3", "nps", 3, datetime(2026, 6, 2), 2, None),
        ],
    )


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The warehouse with the tool as its CRM: of the project nothing is touched but the folder and the line."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("toy") / "project")
    project.write(f"{FOLDER}/_toy_crm__sources.yml", SOURCES)
    for entity, contract in read_contracts(project.root)["crm"].items():
        project.write(f"{FOLDER}/stg_toy_crm__{entity}.sql", model_of(entity, contract))
    settings = (project.root / "dbt_project.yml").read_text()
    assert settings.count(LINE[0]) == 1
    project.write("dbt_project.yml", settings.replace(*LINE))
    land(project)
    outcome = project.build(variables=VARIABLES)
    assert outcome.ok, outcome.output
    return project


def test_staging_and_the_union_know_it(toy: Project) -> None:
    assert toy.query(
        "select source_vendor, account_id, account_name, cast(created_at as varchar) as created_at,"
        " parse_errors from intermediate.int_crm__accounts_unioned order by account_id"
    ) == [
        {
            **{"source_vendor": "toy_crm", "account_id": "101", "account_name": "Alder"},
            **{"created_at": "2024-01-02 00:00:00", "parse_errors": None},
        },
        {
            **{"source_vendor": "toy_crm", "account_id": "102", "account_name": "Birch"},
            **{"created_at": None, "parse_errors": "created_at=last spring"},
        },
    ]
    # An answer counts with the title of its day; the third is of somebody without one by then.
    assert toy.query(
        "select response_id, account_id, contact_role from marts.fct_survey_responses order by 1"
    ) == [
        {"response_id": "r1", "account_id": "101", "contact_role": "user"},
        {"response_id": "r2", "account_id": "101", "contact_role": "decision_maker"},
        {"response_id": "r3", "account_id": "101", "contact_role": "unknown"},
    ]


def test_a_history_of_properties_becomes_versions(toy: Project) -> None:
    """A version holds all properties then; one that was emptied is null, and a change without a time is set aside."""
    versions = toy.query(
        "select contact_id || ' ' || coalesce(strftime(valid_from, '%Y-%m-%d'), '?') as version,"
        " strftime(valid_to, '%Y-%m-%d') as until, account_id, title"
        " from intermediate.int_crm__contact_versions_unioned order by 1"
    )
    assert [tuple(version.values()) for version in versions] == [
        ("1 2024-02-01", "2026-03-01", "101", "Analyst"),
        ("1 2026-03-01", None, "101", "CEO"),
        ("2 2024-02-01", "2025-01-01", "102", "Analyst"),
        ("2 2025-01-01", "2025-06-01", "101", "Analyst"),
        ("2 2025-06-01", None, "101", None),
        ("2 ?", None, None, "Analyst"),
    ]
    assert (
        toy.value(
            "select count(*) from marts.quarantined_records where source_vendor = 'toy_crm'"
            " and entity = 'contact_versions'"
        )
        == 1
    )


def test_quality_checks_its_tables_by_its_meta(
    toy: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = toy.fork(tmp_path_factory.mktemp("quality") / "project")
    there.land(
        "toy_crm",
        "deal",
        DEAL,
        [
            ("D1", 101, "-5", datetime(2026, 2, 1), LOADED),
            ("D1", 101, "7", datetime(2026, 2, 1), datetime(2026, 6, 10)),
            (None, 101, "7", datetime(2026, 2, 1), LOADED),
        ],
    )
    with duckdb.connect(there.database) as connection:
        for table in ("company", "contact", "contact_property_history", "deal"):
            connection.execute(
                f"update toy_crm.{table} set _fivetran_synced = timestamp '2026-06-20'"
            )
    outcome = there.cli("quality", "--vars", json.dumps(VARIABLES))
    assert outcome.exit_code == 1, outcome.output
    said = [line for line in outcome.output.splitlines() if "toy_crm" in line]
    for rule in (
        "toy_crm was loaded: newest at most 5 days before 2026-06-30",
        "property_amount is at least 0",
        "deal_id is filled",
        "one row per deal_id",
        "property_createdate newest at most 90 days before 2026-06-30",
    ):
        assert len([line for line in said if rule in line]) == 1, outcome.output
    assert len(said) == 5, outcome.output


def test_the_pages_of_landed_tables_and_settings_know_it(toy: Project) -> None:
    assert toy.cli("contracts").ok
    page = (toy.root / "docs" / "landed-tables.md").read_text()
    own = page.partition("## toy_crm")[2].partition("\n## ")[0]
    assert "| `deal` | Deals | crm | **`deal_id` / `id`**" in own
    assert "| `contact_property_history` |" in own
    assert "**`contact_id`**, **`name`**, **`timestamp`**, `value`" in own
    schema = json.dumps({**VARIABLES, "toy_crm_schema": "elsewhere"})
    outcome = toy.dbt("ls", "--select", "source:toy_crm.deal", "--vars", schema)
    assert outcome.ok, outcome.output


def test_an_erasure_reaches_its_rows_by_an_id_that_it_alone_knows(
    toy: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = toy.fork(tmp_path_factory.mktemp("erasure") / "project")
    there.land("generic", "erasure_requests", {"contact_id": "varchar"}, [("V-1",)])
    outcome = there.cli("erase", "--landed", "--yes", "--vars", json.dumps(VARIABLES))
    assert outcome.ok, outcome.output
    assert there.query("select id from toy_crm.contact") == [{"id": 2}]
    assert there.query("select distinct contact_id from toy_crm.contact_property_history") == [
        {"contact_id": 2}
    ]
    assert there.value("select count(*) from toy_crm.company") == 3
    assert there.query("select response_id from marts.fct_survey_responses") == [
        {"response_id": "r3"}
    ]
    assert b"traceable-one" not in there.database.read_bytes().lower()
