"""What stands behind a command: dbt's arguments, and the options that a command has of its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from voc_cli.settings import UserError

# They decide which warehouse a command works on, so the summary repeats what the build was given.
CONNECTION_OPTIONS = {"--vars": [], "--target": ["-t"], "--profile": [], "--profiles-dir": []}
PARTIAL_OPTIONS = {
    *("--select", "-s", "--models", "--model", "-m", "--exclude"),
    *("--resource-type", "--resource-types", "--empty", "--sample"),
}
EXCLUDED_TYPES = ("--exclude-resource-type", "--exclude-resource-types")
NO_MODELS = {"test", "unit_test"}
WHOLE_SELECTORS = {None, "full", "lean"}
#: Generic tests that say of one row or one key whether it may be. With AT_ONCE in the environment the project judges them itself, all of a
#: model in one statement (macros/runs/rules.sql); dbt needs as long to start one as to judge a model by all of them.
RULES = ("not_null", "in_range", "accepted_values", "unique", "unique_grain", "relationships")
AT_ONCE = "VOC_RULES_AT_ONCE"


@dataclass(frozen=True)
class DbtArguments:
    """What the user passed on to dbt, and the parts of it that matter here."""

    all: list[str]
    connection: list[str]
    target: str | None
    profiles_dir: str | None
    variables: str | None
    others: list[str]
    is_partial: bool


def own_parser() -> argparse.ArgumentParser:
    """A parser for a command's own options, which stand among dbt's."""
    return argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)


def pick_out(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[argparse.Namespace, list[str]]:
    """The parser's options and all other arguments; UserError when a value is missing."""
    try:
        return parser.parse_known_args(list(arguments))
    except argparse.ArgumentError as error:
        raise UserError(str(error)) from error


def read_arguments(arguments: Sequence[str]) -> DbtArguments:
    """Pick out of dbt's arguments what matters here; UserError when a value is missing."""
    parser = own_parser()
    for option, short_forms in CONNECTION_OPTIONS.items():
        parser.add_argument(option, *short_forms)
    parser.add_argument("--selector")
    parser.add_argument(*EXCLUDED_TYPES, dest="excluded", nargs="+", action="extend", default=[])
    known, others = pick_out(parser, arguments)
    values = {option: getattr(known, option[2:].replace("-", "_")) for option in CONNECTION_OPTIONS}
    return DbtArguments(
        all=list(arguments),
        connection=[part for item in values.items() if item[1] is not None for part in item],
        target=known.target,
        profiles_dir=known.profiles_dir,
        variables=known.vars,
        others=others,
        is_partial=any(part.split("=")[0] in PARTIAL_OPTIONS for part in others)
        or known.selector not in WHOLE_SELECTORS
        or not NO_MODELS.issuperset(known.excluded),
    )


def connection_alone(arguments: Sequence[str]) -> DbtArguments:
    """The same for a command that hands nothing to dbt: UserError for any other option."""
    chosen = read_arguments(arguments)
    if chosen.others:
        known = ", ".join(CONNECTION_OPTIONS)
        raise UserError(f"No such option here: {chosen.others[0]}. It is not one of {known}.")
    return chosen
