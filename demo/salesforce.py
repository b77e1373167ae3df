"""Salesforce tables: accounts, contacts, their history, people."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.clock import END, FOREVER, START, synced
from demo.landing import Landing, Value
from demo.renewals import next_renewal, renewal_status, standings
from demo.stream import Stream
from demo.truths import Truths
from demo.voices import contact_who
from demo.world import (
    KEY_ACCOUNTS,
    MERGE_SURVIVORS,
    MOVED_FROM,
    MOVED_TO,
    NO_HISTORY,
    PARENT_CYCLE,
    ROLE_CHANGER,
    TWICE_LANDED,
    Account,
    Contact,
    World,
    salesforce_id,
)

OWNERS = 10
# account number: (moment of the change, what the earlier version held)
ACCOUNT_CHANGES: dict[int, tuple[datetime, dict[str, Value]]] = {
    104: (datetime(2025, 10, 1), {"segment_c": "small_business"}),
    108: (datetime(2026, 1, 15), {"segment_c": "enterprise"}),
    132: (datetime(2025, 7, 1), {"owner": 11}),
    133: (datetime(2025, 12, 1), {"owner": 11}),
    134: (datetime(2025, 5, 12), {"segment_c": "mid_market", "owner": 12}),
    135: (datetime(2025, 9, 3), {"region_c": "EMEA"}),
    136: (datetime(2025, 8, 20), {"industry": "Retail"}),
}


def user_id(number: int) -> str:
    return salesforce_id("005", number + 1)


def _users(landing: Landing) -> None:
    table = landing.table("salesforce", "user")
    names = [
        "Harper",
        "Reuben",
        "Tova",
        "Milan",
        "Noor",
        "Kai",
        "Ines",
        "Bela",
        "Sami",
        "Lou",
        "Remy",
        "Ada",
        "Juno",
        "Ravi",
    ]
    for number, name in enumerate(names):
        table.add(
            id=user_id(number),
            name=f"{name} Owner",
            email=f"{name.lower()}.owner@voc-demo.example",
            is_active=number != 11,
            manager_id=user_id(12) if number < OWNERS + 2 else user_id(13) if number == 12 else "",
            _fivetran_deleted=number == 11,
            _fivetran_synced=START,
        )


def _account_values(account: Account, world: World) -> dict[str, Value]:
    churned = account.profile == "churned"
    stream = Stream("firmographics", account.number)
    size = {"enterprise": 4000, "mid_market": 600, "small_business": 60}[account.segment]
    staff = int(size * stream.uniform(0.5, 2.0))
    return {
        "id": account.id,
        "name": account.name,
        "type": "Former Customer" if churned else "Customer",
        "industry": account.industry,
        "number_of_employees": staff,
        "annual_revenue": float(staff * stream.integer(90, 240) * 1000),
        "parent_id": world.account(account.parent).id if account.parent else "",
        "owner_id": user_id(account.owner),
        "website": f"https://www.{account.domain}",
        "billing_country": account.country,
        "account_number": account.external_id,
        "is_deleted": False,
        "created_date": account.created,
        "segment_c": account.segment,
        "region_c": account.region,
        "is_key_account_c": account.number in KEY_ACCOUNTS,
        "no_nps_form_c": account.no_nps_form,
        "arr_c": float(account.arr(END)),
        "seats_c": account.seats(END),
        "renewal_date_c": next_renewal(account).date(),
        "renewal_status_c": renewal_status(account),
        "_fivetran_synced": synced(datetime(2026, 6, 28, 3)),
    }


def _accounts(landing: Landing, world: World, truths: Truths) -> None:
    table = landing.table("salesforce", "account")
    rows = {account.number: _account_values(account, world) for account in world.accounts}
    for number in sorted(rows):
        table.add(**rows[number])
    for number in TWICE_LANDED:
        table.add(
            **{
                **rows[number],
                "name": f"{rows[number]['name']} (new name)",
                "_fivetran_synced": synced(datetime(2026, 6, 29, 3)),
            }
        )
    truths.plant(
        "dirt",
        "accounts_landed_twice",
        "The same account id twice; the later sync carries another name.",
        {"salesforce__account.id": [rows[number]["id"] for number in TWICE_LANDED]},
        {"rows": 2},
    )
    # 151 was merged into 152, that into 153, that into 80; 154 straight into 81.
    chain = {151: 152, 152: 153, 153: 80, 154: 81}
    for number, master in chain.items():
        survivor = rows[MERGE_SURVIVORS[number]]
        table.add(
            **{
                **survivor,
                "id": salesforce_id("001", number),
                "name": f"{survivor['name']} (old {number})",
                "is_deleted": True,
                "account_number": f"ACC-{number:04d}",
                "master_record_id": salesforce_id("001", master),
                "parent_id": "",
                "arr_c": 0.0,
                "seats_c": 0,
            }
        )
    truths.plant(
        "dirt",
        "merged_accounts",
        "Merged away; answers and tickets still name them. The survivor is up to three steps off.",
        {"salesforce__account.id": [salesforce_id("001", number) for number in chain]},
        {
            "survivor": {
                salesforce_id("001", number): rows[MERGE_SURVIVORS[number]]["id"]
                for number in chain
            }
        },
    )
    deleted = (155, 156)
    for number in deleted:
        table.add(
            **{
                **rows[149],
                "id": salesforce_id("001", number),
                "name": f"Deleted Sample {number}",
                "account_number": f"ACC-{number:04d}",
                "is_deleted": True,
                "website": "",
                "parent_id": "",
                "arr_c": 0.0,
                "seats_c": 0,
            }
        )
    truths.plant(
        "truths",
        "deleted_accounts",
        "In the recycle bin, not merged: no accounts of ours.",
        {"salesforce__account.id": [salesforce_id("001", number) for number in deleted]},
    )
    first, second = (world.account(number) for number in PARENT_CYCLE)
    truths.plant(
        "dirt",
        "parent_cycle",
        "Each is the other's parent.",
        {"salesforce__account.id": [first.id, second.id]},
    )
    _account_history(landing, world, rows)
    truths.plant(
        "truths",
        "accounts_that_changed",
        "Segment, owner, region or industry was another before a given day.",
        {
            "salesforce__account_history.id": [
                world.account(number).id for number in ACCOUNT_CHANGES
            ]
        },
        {
            world.account(number).id: {
                "until": str(moment),
                "earlier": {
                    key: user_id(int(str(value))) if key == "owner" else value
                    for key, value in earlier.items()
                },
            }
            for number, (moment, earlier) in ACCOUNT_CHANGES.items()
        },
    )
    truths.plant(
        "truths",
        "renewals_that_were_seen_coming",
        "Renewal status at the day named, by the history: churned accounts were still open or at risk.",
        {
            "salesforce__account_history.id": [
                account.id for account in world.of_profile("churned") + world.of_profile("renewed")
            ]
        },
        {
            account.id: {str(each.since.date()): each.status for each in standings(account)}
            for account in world.of_profile("churned") + world.of_profile("renewed")
        },
    )
    truths.plant(
        "truths",
        "accounts_without_history",
        "No history rows: current attributes are all there is.",
        {"salesforce__account.id": [world.account(number).id for number in NO_HISTORY]},
    )


def _account_history(landing: Landing, world: World, current: dict[int, dict[str, Value]]) -> None:
    """One row for each stretch of time in which nothing about the account changed."""
    history = landing.table("salesforce", "account_history")
    kept = ("id", "segment_c", "region_c", "owner_id", "parent_id", "industry", "is_deleted")
    for account in world.accounts:
        if account.number in NO_HISTORY:
            continue
        changed_at, earlier = ACCOUNT_CHANGES.get(account.number, (account.created, {}))
        told = standings(account)
        moments = sorted({changed_at, *(standing.since for standing in told)})
        for since, until in zip(moments, [*moments[1:], None], strict=True):
            values = {key: current[account.number][key] for key in kept}
            if since < changed_at:
                values |= {key: value for key, value in earlier.items() if key != "owner"}
                if "owner" in earlier:
                    values["owner_id"] = user_id(int(str(earlier["owner"])))
            standing = [each for each in told if each.since <= since][-1]
            history.add(
                **values,
                renewal_status_c=standing.status,
                renewal_date_c=standing.renewal,
                _fivetran_start=since,
                _fivetran_end=until - timedelta(seconds=1) if until else FOREVER,
                _fivetran_active=until is None,
                _fivetran_synced=synced(until or since),
            )


def crm_email(contact: Contact) -> str:
    """Sales people type addresses by hand."""
    spelling = contact.number % 61
    if spelling == 5:
        return f"  {contact.email.title()} "
    return contact.email.upper() if spelling == 41 else contact.email


def _contact_values(contact: Contact) -> dict[str, Value]:
    return {
        "id": contact.id,
        "account_id": contact.account.id,
        "email": crm_email(contact),
        "name": f"{contact.first_name} {contact.last_name}",
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "title": contact.title,
        "department": {"decision_maker": "Management", "manager": "Operations"}.get(
            contact.role, "Planning"
        ),
        "contact_role_c": contact.contact_role,
        "is_champion_c": contact.is_champion,
        "no_longer_at_company_c": contact.left_at is not None,
        "left_date_c": contact.left_at.date() if contact.left_at else None,
        "has_opted_out_of_email": contact.opted_out,
        "owner_id": user_id(contact.account.owner),
        "is_deleted": contact.is_deleted,
        "created_date": contact.created,
        "_fivetran_synced": synced(contact.left_at or datetime(2026, 6, 1, 3)),
    }


def _contacts(landing: Landing, world: World, truths: Truths) -> None:
    table = landing.table("salesforce", "contact")
    changer = contact_who(world, ROLE_CHANGER, "user")
    mover = contact_who(world, MOVED_FROM, "user")
    for contact in world.contacts:
        values = _contact_values(contact)
        if contact is changer:
            values["title"] = "VP Operations"
        if contact is mover:
            values["account_id"] = world.account(MOVED_TO).id
        table.add(**values)
    odd = [contact for contact in world.contacts if crm_email(contact) != contact.email]
    truths.plant(
        "dirt",
        "untidy_emails",
        "Mixed case, upper case or padded with spaces; the same person as the tidy address.",
        {"salesforce__contact.id": [contact.id for contact in odd]},
        {contact.id: contact.email for contact in odd},
    )
    extra = len(world.contacts)
    base = _contact_values(contact_who(world, 149, "user"))
    stray = {
        **base,
        "id": salesforce_id("003", extra + 1),
        "account_id": salesforce_id("001", 99998),
        "email": "stray.pebble@nowhere.example",
        "name": "Stray Pebble",
        "first_name": "Stray",
        "last_name": "Pebble",
    }
    table.add(**stray)
    truths.plant(
        "dirt",
        "contact_of_unknown_account",
        "Its account is not landed.",
        {"salesforce__contact.id": [stray["id"]]},
    )
    merged = []
    for number in (2, 3):
        survivor = world.account(81 + number).contacts[0]
        row = {
            **_contact_values(survivor),
            "id": salesforce_id("003", extra + number),
            "is_deleted": True,
            "master_record_id": survivor.id,
        }
        table.add(**row)
        merged.append(row["id"])
    truths.plant(
        "dirt",
        "merged_contacts",
        "Merged away into another contact.",
        {"salesforce__contact.id": merged},
    )
    deleted = {
        **base,
        "id": salesforce_id("003", extra + 4),
        "is_deleted": True,
        "email": "gone.quill@nowhere.example",
    }
    table.add(**deleted)
    truths.plant(
        "truths",
        "deleted_contact",
        "In the recycle bin, not merged.",
        {"salesforce__contact.id": [deleted["id"]]},
    )
    twin_of = contact_who(world, 143, "user")
    twin = {
        **_contact_values(twin_of),
        "id": salesforce_id("003", extra + 5),
        "account_id": world.account(144).id,
    }
    table.add(**twin)
    truths.plant(
        "dirt",
        "shared_email",
        "Two contacts of two accounts share one address.",
        {"salesforce__contact.id": [twin_of.id, twin["id"]]},
        {"email": twin_of.email},
    )
    twice = contact_who(world, 142, "manager")
    table.add(
        **{
            **_contact_values(twice),
            "title": "Senior Operations Manager",
            "_fivetran_synced": synced(datetime(2026, 6, 20, 3)),
        }
    )
    truths.plant(
        "dirt",
        "contact_landed_twice",
        "The same contact id twice with different titles.",
        {"salesforce__contact.id": [twice.id]},
        {"rows": 2},
    )

    history = landing.table("salesforce", "contact_history")
    kept = ("id", "account_id", "email", "title", "contact_role_c", "owner_id", "is_deleted")

    def versions(
        contact: Contact,
        moment: datetime | None,
        earlier: dict[str, Value],
        later: dict[str, Value],
    ) -> None:
        now = {key: _contact_values(contact)[key] for key in kept}
        since = contact.created
        if moment:
            history.add(
                **{**now, **earlier},
                _fivetran_start=since,
                _fivetran_end=moment - timedelta(seconds=1),
                _fivetran_active=False,
                _fivetran_synced=synced(moment),
            )
            since = moment
        history.add(
            **{**now, **later},
            _fivetran_start=since,
            _fivetran_end=FOREVER,
            _fivetran_active=True,
            _fivetran_synced=synced(since),
        )

    changed, moved = datetime(2025, 6, 15), datetime(2025, 8, 1)
    versions(changer, changed, {}, {"title": "VP Operations"})
    versions(mover, moved, {}, {"account_id": world.account(MOVED_TO).id})
    for number in range(109, 124):
        contact = world.account(number).contacts[-1]
        if contact.created < datetime(2025, 10, 1) and number % 3:
            versions(contact, datetime(2025, 11, 3), {"title": "Trainee"}, {})
        else:
            versions(contact, None, {}, {})
    truths.plant(
        "truths",
        "contact_changed_role",
        "A user who became a decision maker (title VP Operations) and answered before and after.",
        {"salesforce__contact.id": [changer.id], "salesforce__contact_history.id": [changer.id]},
        {
            "changed_at": str(changed),
            "role_before": "user",
            "role_after": "decision_maker",
            "scores": [9, 8],
        },
    )
    truths.plant(
        "truths",
        "contact_changed_account",
        "A user who went to another customer and answered at both; nothing is embedded.",
        {"salesforce__contact.id": [mover.id], "salesforce__contact_history.id": [mover.id]},
        {
            "changed_at": str(moved),
            "account_before": world.account(MOVED_FROM).id,
            "account_after": world.account(MOVED_TO).id,
            "scores": [8, 9],
        },
    )


def write(landing: Landing, world: World, truths: Truths) -> None:
    _users(landing)
    _accounts(landing, world, truths)
    _contacts(landing, world, truths)
