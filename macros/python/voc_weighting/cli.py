"""Entry point of `voc-weights`: check the policy seeds, ask what if, calibrate weights."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from voc_weighting import calibrate, what_if
from voc_weighting.errors import WeightingError
from voc_weighting.policy import PolicyError
from voc_weighting.settings import check_project, find_project, read_variables


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 something the user can mend."""
    parser = argparse.ArgumentParser(
        prog="voc-weights",
        description="The weights of the VoC warehouse: check them, try others, learn them.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_parser(subparsers)
    what_if.add_parser(subparsers)
    calibrate.add_parser(subparsers)
    known = parser.parse_args(arguments)
    try:
        return int(known.run(known))
    except WeightingError as error:
        print(f"voc-weights: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except Exception as error:  # a user sees a sentence, never a traceback
        if os.environ.get("VOC_DEBUG"):
            raise
        print(
            f"voc-weights: An error that nobody foresaw: {type(error).__name__}: {error}\n"
            "Run again with VOC_DEBUG=1 for the details, and please report it.",
            file=sys.stderr,
        )
        return 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `check`."""
    parser = subparsers.add_parser(
        "check",
        help="check the policy seeds before anything is built on them",
        description="Check the policy seeds: every broken rule with its file and row (1 is the header).",
    )
    parser.add_argument(
        "--project",
        type=Path,
        metavar="FOLDER",
        help="the dbt project (default: the one around here)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the policy seeds of a project; PolicyError, with every finding, when rules are broken."""
    project = find_project(args.project)
    findings = check_project(project, read_variables(project))
    if findings:
        raise PolicyError(findings)
    print(f"The policy seeds of {project} keep every rule.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
