"""A fingerprint of the tables of a few runs, to compare between interpreters.

Usage: python -m tests.model.digest
"""

from __future__ import annotations

import hashlib
import json
import sys

from tests.model.tables import TABLES, bits, ran, rows

RUNS = (("two-clouds-three-labs", 7, 8), ("world-2026", 7, 3))
"""Scenario, seed, quarters."""


def digest(name: str, seed: int, quarters: int) -> str:
    """SHA-256 over every cell of every table, floats by their bits."""
    model = ran(name, seed, quarters)
    found = hashlib.sha256()
    for record in model.records:
        for table in TABLES:
            for row in rows(record[table]):
                cells = {column: _plain(value) for column, value in sorted(row.items())}
                found.update(json.dumps(cells, sort_keys=True).encode())
    return found.hexdigest()


def _plain(value: object) -> object:
    value = bits(value)
    return value if isinstance(value, str | int | bool | None) else str(value)


if __name__ == "__main__":
    print(json.dumps({"python": sys.version.split()[0], **{run[0]: digest(*run) for run in RUNS}}))
