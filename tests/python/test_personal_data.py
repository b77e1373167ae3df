"""Personal data by inventory: what is tagged stops before the marts, and each mart is searched for it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from harness import HASH_SALT, NO_TESTS, Project, marts_in

Manifest = dict[str, Any]

# Words by which a column of a landed or staged table is recognised as personal, tagged or not.
PERSONAL_NAMES = re.compile(
    "email|phone|(^|_)fax|(^|_)ip(_|$)|first_name|last_name|full_name|user_name|contact_name|owner_name"
    "|employee_name|comment|subject|description|body|birth|street|latitude|longitude"
)
# Names that stand for a person in one table and for something else in a mart.
OF_OUR_OWN = {"name", "value", "text", "label", "description", "body", "comments"}
RESTRICTED = "restricted"


def nodes(manifest: Manifest, kind: str) -> Iterator[dict[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == kind)


def is_tagged(column: dict[str, Any]) -> bool:
    return bool(column["config"]["meta"].get("contains_pii"))


def personal_columns(manifest: Manifest) -> set[str]:
    """Names of the columns that are tagged anywhere: in sources and in models."""
    tables = [*manifest["sources"].values(), *nodes(manifest, "model")]
    return {
        name for table in tables for name, column in table["columns"].items() if is_tagged(column)
    }


def leaks(manifest: Manifest) -> list[str]:
    """Public models with a column that is tagged, or is named as one that is tagged elsewhere."""
    personal = personal_columns(manifest) - OF_OUR_OWN
    return [
        f"{node['name']}.{name}"
        for node in nodes(manifest, "model")
        if node["access"] == "public"
        for name, column in node["columns"].items()
        if is_tagged(column) or name in personal
    ]


def history_that_cannot_forget(manifest: Manifest) -> list[str]:
    """Models and snapshots kept from run to run that know people and do not lose them."""
    people = {
        name
        for source in manifest["sources"].values()
        for name, column in source["columns"].items()
        if column["config"]["meta"].get("person") and name not in ("id", "value")
    }
    found = []
    for node in [*nodes(manifest, "model"), *nodes(manifest, "snapshot")]:
        if node["config"]["materialized"] not in ("incremental", "snapshot"):
            continue
        # What is built by parts holds what its sources hold today, and these know nobody erased.
        if node["config"]["incremental_strategy"] == "parts":
            continue
        hooks = " ".join(hook["sql"] for hook in node["config"]["post-hook"])
        columns = set(node["columns"])
        if "contact_key" in columns and "forget_erased()" not in hooks:
            found.append(f"{node['name']} has no hook")
        if columns & (people | personal_columns(manifest)) - OF_OUR_OWN:
            found.append(f"{node['name']} knows people otherwise than by contact_key")
        if not columns:
            found.append(f"{node['name']} does not say what it holds")
    return found


def marts_without(manifest: Manifest, proof: str, tagged_only: bool = False) -> list[str]:
    """Public models that no data test of this kind, or with this tag, reads."""
    read = {
        parent
        for test in nodes(manifest, "test")
        if proof in test["tags"] or (test.get("test_metadata") or {}).get("name") == proof
        for parent in test["depends_on"]["nodes"]
    }
    return [
        node["name"]
        for node in nodes(manifest, "model")
        if node["access"] == "public"
        and (not tagged_only or node["config"]["meta"].get("carries_employee_data"))
        and node["unique_id"] not in read
    ]


def changed(manifest: Manifest, model: str, column: str, **meta: Any) -> Manifest:
    """The manifest with one more column in a model."""
    other = copy.deepcopy(manifest)
    (node,) = [node for node in nodes(other, "model") if node["name"] == model]
    node["columns"][column] = {"name": column, "config": {"meta": meta}}
    return other


def test_no_personal_column_reaches_a_public_mart(manifest: Manifest) -> None:
    assert len(personal_columns(manifest)) > 30
    assert leaks(manifest) == []
    # The check finds a tagged column, and one that only has the name of a tagged one.
    assert leaks(changed(manifest, "dim_contacts", "nickname", contains_pii=True))
    assert leaks(changed(manifest, "dim_contacts", "respondent_email"))


def test_the_inventory_is_complete(demo: Project, manifest: Manifest) -> None:
    """Every landed or staged column with the name of a personal one is tagged, in its own table."""
    tagged = {
        (table["schema"], table.get("identifier") or table["alias"], name)
        for table in [*manifest["sources"].values(), *nodes(manifest, "model")]
        for name, column in table["columns"].items()
        if is_tagged(column)
    }
    known = {(source["schema"], source["identifier"]) for source in manifest["sources"].values()}
    staged = [
        (row["table_schema"], row["table_name"], row["column_name"])
        for row in demo.query(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where table_schema in ('staging', 'restricted')"
        )
    ]
    landed = [
        (row["table_schema"], row["table_name"], row["column_name"])
        for row in demo.query("select * from information_schema.columns")
        if (row["table_schema"], row["table_name"]) in known
    ]
    personal = [column for column in [*staged, *landed] if PERSONAL_NAMES.search(column[2])]
    assert len(personal) > 20
    # Keys of hashes are no addresses; the domain of an address is a company's, a subject of ours no person's.
    untagged = (
        set(personal)
        - tagged
        - {
            ("qualtrics", "directory_contact", "email_domain"),
            ("qualtrics", "distribution", "header_subject"),
            ("salesforce", "contact", "has_opted_out_of_email"),
            ("zendesk", "ticket_comment", "voice_comment"),
        }
    )
    assert untagged == set()


def test_free_text_and_addresses_stand_in_no_other_model(demo: Project, manifest: Manifest) -> None:
    """Outside staging and the restricted schema nothing that we build has a personal column."""
    personal = personal_columns(manifest) - OF_OUR_OWN
    columns = demo.query(
        "select table_name, column_name from information_schema.columns"
        " where table_schema in ('intermediate', 'marts', 'policy')"
    )
    assert [row for row in columns if row["column_name"] in personal] == []
    restricted = {
        node["name"]: (node["access"], node["schema"])
        for node in nodes(manifest, "model")
        if node["original_file_path"].startswith("models/restricted")
    }
    assert restricted == {
        "verbatims": ("private", RESTRICTED),
        "employee_invitations": ("protected", RESTRICTED),
        "employee_responses": ("protected", RESTRICTED),
    }
    words = [
        node["name"]
        for node in nodes(manifest, "model")
        if "comment_text" in node["columns"] and node["schema"] != RESTRICTED
    ]
    assert words == []


def test_every_mart_is_searched_for_personal_values(manifest: Manifest) -> None:
    assert marts_without(manifest, "holds_no_personal_value") == []


SOUND = (
    *(
        "2026-06-30",
        "2026-06-30 10:00:00.000",
        "from 2025-01-01 to 2026-12-31",
        "R_pulse00008:QID3",
    ),
    *(
        "PA-0001|V-0001-4|2025-07-01|F-12",
        "003Vw0000000001IAA",
        "100.00",
        "12 345 678",
        "a @ b",
        "",
    ),
    # zero-padded ids, and a hash that begins as a number would
    *("0000012345678", "004915112345678a9b0c1d2e3f405162", "A-01511234567", "x@1.5"),
    *("6f1c2a5e-1b2c-4d3e-8f4a-5b6c7d8e9f01", "0.5", "1:0002", "2026-06-30T10:00:00Z", "4.2.2026"),
)
PERSONAL = (
    *(
        "mail hawthorn@amber.example today",
        "HAWTHORN@AMBER.EXAMPLE",
        '{"note":"a.b+c@d-e.example"}',
    ),
    *(
        "+1 202-555-0143",
        "call (202) 555-0143",
        "202.555.0143",
        "tel:+12025550143",
        "on 0131 496 0143",
        "(555)123-4567",
        "(0131)4960143",
        "00491511234567",
        "call 01511234567.",
    ),
    *("jo@büro.example", "电邮 小王@例子.公司"),
    # the shortest of both kinds
    *("a@b.c", "01 23456"),
)


@pytest.mark.parametrize(("values", "found"), [(SOUND, 0), (PERSONAL, len(PERSONAL))])
def test_what_looks_personal(demo: Project, values: tuple[str, ...], found: int) -> None:
    """The condition that the marts are searched with, on texts of both kinds."""
    condition = demo_condition(demo)
    with duckdb.connect() as connection:
        connection.execute("create table texts (value varchar)")
        connection.executemany("insert into texts values (?)", [(value,) for value in values])
        rows = connection.execute(f"select value from texts where {condition}").fetchall()
    assert len(rows) == found, rows


def demo_condition(demo: Project) -> str:
    outcome = demo.dbt("compile", "--quiet", "--inline", "/*<*/{{ looks_personal('value') }}/*>*/")
    assert outcome.ok, outcome.output
    return outcome.output.split("/*<*/")[1].split("/*>*/")[0]


def test_a_mart_with_a_number_to_call_fails(forked_demo: Project) -> None:
    with duckdb.connect(forked_demo.database) as connection:
        connection.execute(
            "update marts.quarantined_records set payload = payload || ' call +1 202-555-0143'"
            " where record_id = (select min(record_id) from marts.quarantined_records)"
        )
    outcome = forked_demo.dbt(
        "test", "--select", "quarantined_records,test_name:holds_no_personal_value"
    )
    assert not outcome.ok
    assert "Got 1 result" in outcome.output


def test_history_forgets(manifest: Manifest) -> None:
    assert history_that_cannot_forget(manifest) == []
    unhooked = changed(manifest, "int_health__band_changes", "contact_key")
    (node,) = [
        node for node in nodes(unhooked, "model") if node["name"] == "int_health__band_changes"
    ]
    node["config"]["post-hook"] = []
    assert history_that_cannot_forget(unhooked) == ["int_health__band_changes has no hook"]
    assert history_that_cannot_forget(changed(manifest, "int_health__band_changes", "contact_id"))


def test_every_mart_with_employee_data_is_tested_for_anonymity(manifest: Manifest) -> None:
    assert marts_without(manifest, "k_anonymity", tagged_only=True) == []


def test_marts_without_the_tag_do_not_change_when_employees_do(
    demo: Project, forked_demo: Project, manifest: Manifest
) -> None:
    """The tag is on exactly the marts in which anything of employees can be seen: half of their answers,
    invitations and spells go, and no other mart moves."""
    with duckdb.connect(forked_demo.database) as connection:
        programmes = "(select id from qualtrics.survey where project_category = 'EX')"
        gone = f"select id from qualtrics.survey_response where survey_id in {programmes} and hash(id) % 2 = 0"
        connection.execute(f"create temp table gone as {gone}")
        connection.execute(
            "delete from qualtrics.question_response where response_id in (from gone)"
        )
        connection.execute("delete from qualtrics.survey_response where id in (from gone)")
        connection.execute("delete from generic.employees where hash(employee_id) % 3 = 0")
        connection.execute(
            "insert into generic.employees (employee_id, team_id, valid_from) values ('E', 'no such team', '2026-01-01')"
        )
        # It keeps what it showed while few answered otherwise.
        connection.execute("drop table intermediate.int_employee__engagement_log")
        # An invitation of an employee programme, which the demo has none of.
        connection.execute(
            "insert into qualtrics.distribution select * replace ('EMD_ex' as id, null as parent_distribution_id,"
            " (select min(id) from qualtrics.survey where project_category = 'EX') as survey_link_survey_id)"
            " from qualtrics.distribution where request_type = 'Invite' limit 1"
        )
        connection.execute(
            "insert into qualtrics.distribution_contact select * replace ('EMD_ex' as distribution_id, null as response_id,"
            " 'CID_ex' as contact_id, 'CGC_ex' as contact_lookup_id) from qualtrics.distribution_contact limit 1"
        )
    outcome = forked_demo.dbt(
        "build", *NO_TESTS, variables={"voc_demo": False, "as_of_date": "2026-06-30"}
    )
    assert outcome.ok, outcome.output[-4000:]
    before, after = marts_in(demo.database), marts_in(forked_demo.database)
    tagged = {
        node["name"]
        for node in nodes(manifest, "model")
        if node["config"]["meta"].get("carries_employee_data")
    }
    # Two marts count landed rows: how many, and nothing of anybody.
    changed = {table for table in before if before[table] != after[table]}
    assert changed - {"quarantine_by_day", "landed_tables"} == tagged


def test_verbatims_are_those_of_customers(demo: Project) -> None:
    """All that customers wrote, and nothing that employees did, with no more of the time than the month."""
    written = demo.query(
        "select source_vendor, survey_family, count(*) as n from restricted.verbatims group by all"
    )
    assert {(row["source_vendor"], row["survey_family"]) for row in written} >= {
        ("qualtrics", "relationship"),
        ("qualtrics", "transactional"),
        ("zendesk", "transactional"),
    }
    of_employees = (
        "select count(*) from restricted.verbatims inner join qualtrics.survey on survey_id = survey.id"
        " where project_category = 'EX'"
    )
    assert demo.value(of_employees) == 0
    assert (
        demo.value("select count(*) from restricted.verbatims where day(answered_month) > 1") == 0
    )
    # Every comment of a rating that is in the mart is here.
    commented = (
        "select cast(rating.id as varchar) from zendesk.satisfaction_rating as rating inner join marts.fct_survey_responses as answer"
        " on cast(rating.id as varchar) = answer.response_id where rating.comment is not null"
    )
    missing = f"select count(*) from ({commented}) as c(id) where id not in (select response_id from restricted.verbatims)"
    assert demo.value(f"select count(*) from ({commented})") > 0
    assert demo.value(missing) == 0


def test_no_definition_of_a_view_shows_the_salt(demo: Project) -> None:
    assert (
        demo.query("select view_name from duckdb_views() where contains(sql, ?)", [HASH_SALT]) == []
    )
