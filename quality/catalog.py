"""The tables and columns that the warehouse has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from quality.engine import quoted
from quality.project import Relation


@dataclass(frozen=True)
class Table:
    """A table that is there: how to write it, and its columns with their types."""

    schema: str
    name: str
    columns: Mapping[str, str]

    @property
    def sql(self) -> str:
        """The table as it stands in a query."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    def column(self, names: str | Sequence[str], alias: str | None = None) -> str | None:
        """The landed column for one of our names, whatever its case, or else its underscores.

        The rule of the macro landed_column: an alias set by the user, else the first name found.
        """
        wanted = [names] if isinstance(names, str) else names
        for name in [alias] if alias else wanted:
            for ignored in ("", "_"):
                for column in self.columns:
                    if _without(ignored, column) == _without(ignored, name):
                        return column
        return None


class Catalog:
    """All columns of the warehouse, read once."""

    def __init__(self, engine: sa.Engine) -> None:
        self.dialect = engine.dialect.name
        self._tables: dict[tuple[str, str], tuple[str, str, dict[str, str]]] = {}
        with engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "select cast(table_schema as varchar), cast(table_name as varchar),"
                    " cast(column_name as varchar), cast(data_type as varchar)"
                    " from information_schema.columns where table_catalog = current_database()"
                    " order by 1, 2, ordinal_position"
                )
            ).fetchall()
        for schema, table, column, kind in rows:
            key = (schema.lower(), table.lower())
            self._tables.setdefault(key, (schema, table, {}))[2][column] = kind

    def find(self, relation: Relation) -> Table | None:
        """The table, whatever the case of its name, or else its underscores; None when it is not there."""
        schema = relation.schema.lower()
        found = self._tables.get((schema, relation.name.lower()))
        for (where, name), table in self._tables.items():
            if (
                not found
                and where == schema
                and _without("_", name) == _without("_", relation.name)
            ):
                found = table
        return Table(*found) if found else None


def _without(ignored: str, name: str) -> str:
    return name.lower().replace(ignored, "") if ignored else name.lower()
