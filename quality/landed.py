"""What is known of a landed table: meta of its source, and what its staging models cannot do without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.limits import STALE_DAYS, VOLUMES, Volume
from voc_cli.settings import UserError

#: Names of one column: the first that landed is read.
Names = tuple[str, ...]
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class News:
    """The business time of a table: its newest may be `stale_days` old, and its windows have a volume."""

    column: Names
    stale_days: int = STALE_DAYS
    volume: Volume | None = None


@dataclass(frozen=True)
class Limits:
    """What a landed table must hold to.

    `key` is its grain. `repeated` is the share of keys that may come more than once: connectors
    deliver some rows twice, and staging or quarantine copes with a few.
    """

    key: tuple[Names, ...] = (("id",),)
    required: tuple[Names, ...] = ()
    ranges: Mapping[str, Range] | None = None
    repeated: float = 0.0
    news: News | None = None


def read_limits(source: Any, required: Sequence[Names]) -> Limits:
    """The limits of a source of dbt's manifest; UserError where its meta cannot be understood."""
    table, meta = f"{source.source_name}.{source.name}", source.config.meta
    metas = {name: column.config.meta for name, column in source.columns.items()}
    repeated = meta.get("repeated", 0.0)
    if not isinstance(repeated, int | float) or not 0 <= repeated <= 1:
        raise UserError(f"repeated of {table} is {repeated!r}: it takes a share from 0 to 1.")
    return Limits(
        key=tuple(_names(names) for names in meta.get("key", ["id"])),
        required=tuple(required),
        ranges={
            name: _range(f"{table}.{name}", own["range"])
            for name, own in metas.items()
            if "range" in own
        },
        repeated=repeated,
        news=_news(table, meta["news"]) if "news" in meta else None,
    )


def load_stale_days(source: Any) -> int | None:
    """Days since its newest load that a vendor may be without; None where its sources do not say."""
    days = source.config.meta.get("load_stale_days")
    if days is not None and (not isinstance(days, int) or days < 1):
        raise UserError(
            f"load_stale_days of {source.source_name} is {days!r}: it takes a whole number from 1."
        )
    return days


def _names(names: Any) -> Names:
    return (names,) if isinstance(names, str) else tuple(names)


def _range(column: str, given: Any) -> Range:
    bounds = given if isinstance(given, list) else []
    if len(bounds) != 2 or not all(it is None or isinstance(it, int | float) for it in bounds):
        raise UserError(f"range of {column} is {given!r}: write [low, high], null for no bound.")
    return bounds[0], bounds[1]


def _news(table: str, given: Any) -> News:
    known = {"column", "stale_days", "volume"}
    if not isinstance(given, dict) or "column" not in given or not known.issuperset(given):
        raise UserError(
            f"news of {table} is {given!r}: write {{column: ..., stale_days: ..., volume: ...}}, of which"
            " the column is needed."
        )
    volume = given.get("volume")
    if volume is not None and volume not in VOLUMES:
        raise UserError(f"volume of {table} is {volume!r}: it is one of {', '.join(VOLUMES)}.")
    return News(
        column=_names(given["column"]),
        stale_days=given.get("stale_days", STALE_DAYS),
        volume=VOLUMES[volume] if volume else None,
    )
