"""`make bench`: every measurement in its short form, one after the other; bench/README.md tells of the long ones."""

from __future__ import annotations

import subprocess
import sys

SHORT = (
    ("bench.extraction",),
    ("bench.diff",),
    ("bench.mutations", "--size", "2"),
    ("bench.linking", "500"),
    ("bench.fuzz_extraction", "500"),
    ("bench.kills", "5"),
    ("bench.senders", "5"),
    ("bench.search", "5000"),
    ("bench.monitors", "100"),
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
    failed = []
    for module, *words in SHORT:
        print(f"── python -m {' '.join((module, *words))}", flush=True)
        if subprocess.run([sys.executable, "-m", module, *words], check=False).returncode:
            failed.append(module)
    print("all hold" if not failed else f"short of their goals: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
