"""`make bench`: every measurement in its short form, one after the other, and at the end one table with what was
measured beside rivals; bench/README.md tells of the long ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from bench.table import HEADER, gathered

SHORT = (
    ("bench.attacks", "--short"),
    ("bench.storms", "--short"),
    ("bench.extraction",),
    ("bench.diff",),
    ("bench.mutations", "--size", "2"),
    ("bench.linking", "500"),
    ("bench.archive", "500"),
    ("bench.fuzz_extraction", "500"),
    ("bench.kills", "5"),
    ("bench.kill_files", "3"),
    ("bench.senders", "5"),
    ("bench.search", "5000"),
    ("bench.monitors", "300"),
    ("bench.pages", "--at-once", "10", "--requests", "50"),
    ("bench.recheck", "60"),
    ("bench.digests", "500", "50", "100"),
    ("bench.month", "30"),
    ("bench.kill_week", "6"),
    ("bench.backup",),
    ("bench.long_run", "20"),
    ("bench.cluster", "--minutes", "0.3", "--workers", "2", "--sources", "6", "--hosts", "3"),
)


def main() -> int:
    failed, rows = [], list[str]()
    for module, *words in SHORT:
        print(f"── python -m {' '.join((module, *words))}", flush=True)
        with subprocess.Popen(
            [sys.executable, "-m", module, *words], stdout=subprocess.PIPE, text=True
        ) as running:
            rows += gathered(_shown(running))
        if running.returncode:
            failed.append(module)
    print("\nBeside others on the same work; less is better.\n", *HEADER, *rows, sep="\n")
    print("\nall hold" if not failed else f"\nshort of their goals: {', '.join(failed)}")
    return 1 if failed else 0


def _shown(running: subprocess.Popen[str]) -> Iterator[str]:
    """Each line as it comes, shown too."""
    assert running.stdout is not None
    for line in running.stdout:
        print(line, end="", flush=True)
        yield line


if __name__ == "__main__":
    sys.exit(main())
