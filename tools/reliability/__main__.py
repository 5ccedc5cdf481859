"""Write the page's tables anew, or try rows: ``python -m tools.reliability --try A7 B1``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tools.reliability.page import PAGE, rendered
from tools.reliability.row import IDS, Row, read
from tools.reliability.trial import Verdict, copied, tried


def main() -> None:
    """Run from the command line; it ends with 1 if a line that was tried is not held."""
    options = _options()
    rows = {row.id: row for row in read()}
    wanted = list(rows) if options.all else options.rows
    if not wanted:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(rendered(page, rows.values()), encoding="utf-8")
        print(PAGE)
        return
    sys.exit(0 if _try([rows[one] for one in wanted]) else 1)


def _try(rows: Sequence[Row]) -> bool:
    """Try rows and say what is seen; give whether each line of them is held."""
    held = True
    with copied() as tree:
        for row in rows:
            if not row.line:
                print(f"{row.id:4} no line: {row.outside or row.missing}", flush=True)
                continue
            for trial in tried(tree, row):
                held = held and trial.verdict is Verdict.RED
                print(f"{row.id:4} {trial.verdict}: {trial.test}  ({trial.said})", flush=True)
    return held


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.reliability",
        description="Break the line of a row in a copy of the tree, and run the row's tests: red "
        "is good. Without a row: write the page's tables anew.",
    )
    parser.add_argument("--try", dest="rows", nargs="+", metavar="ROW", choices=IDS, default=[])
    parser.add_argument("--all", action="store_true", help="try every row; it takes long")
    return parser.parse_args()


if __name__ == "__main__":
    main()
