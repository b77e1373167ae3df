"""``python -m demo`` rewrites the demo seeds and the list of what is planted in them."""

from __future__ import annotations

import argparse
from pathlib import Path

from demo.company import make

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds", type=Path, default=ROOT / "seeds" / "demo", help="folder for the CSV files"
    )
    parser.add_argument(
        "--truths",
        type=Path,
        default=ROOT / "demo" / "truths.json",
        help="file for the planted truths",
    )
    parser.add_argument("--count", action="store_true", help="print the rows of each table")
    options = parser.parse_args()
    landing, truths = make()
    landing.write(options.seeds)
    truths.write(options.truths)
    if options.count:
        for table in landing.tables:
            print(f"{len(table.rows):6} {table.vendor}.{table.name}")
        print(f"{sum(len(table.rows) for table in landing.tables):6} rows in all")


if __name__ == "__main__":
    main()
