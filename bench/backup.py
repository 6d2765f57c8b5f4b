"""A backup taken while a crawl runs, restored elsewhere: into SQLite, and into PostgreSQL where it is installed.

python -m bench.backup

The commands are those of docs/operations.md. Of each restored place `doctor` and `verify` have to be clean and every
export the same as the backup's own; and a crawl goes on from there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import kills, postgresql
from demo.web import DemoWeb
from store.export import KINDS


def run(data: Path, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1", "YAODIAN_DATABASE_URL": url}
    program = [sys.executable, "-m", "yaodian", "--data", str(data), *words]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)


def exported(data: Path, url: str = "") -> dict[str, str]:
    return {kind: run(data, "export", kind, url=url).stdout for kind in KINDS}


def amid_a_crawl(data: Path, target: Path) -> tuple[subprocess.CompletedProcess[str], bool]:
    """The backup, and whether the crawl still ran when it was made."""
    environment = os.environ | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1"}
    words = [sys.executable, "-m", "yaodian", "--data", str(data), "crawl", "--all", "--format", "jsonl"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as crawl:
        assert crawl.stdout is not None
        for line in crawl.stdout:
            if '"event": "document"' in line:
                break
        made = run(data, "backup", str(target))
        was_running = crawl.poll() is None
        crawl.terminate()
        crawl.communicate()
    return made, was_running


def held(place: str, data: Path, kept: Path, url: str = "") -> bool:
    """Restore there, and say what is not as it should be."""
    restored = run(data, "restore", str(kept), url=url)
    print(f"{place}: {' · '.join(restored.stdout.split(chr(10))[:2])} {restored.stderr}".strip())
    says = {
        "restore": restored.returncode == 0,
        "doctor": run(data, "doctor", url=url).returncode == 0,
        "verify": run(data, "verify", url=url).returncode == 0,
        "same exports": exported(data, url) == exported(kept),
        "crawl": run(data, "crawl", "--all", url=url).returncode == 0,
    }
    print("  " + ", ".join(f"{what}: {'yes' if does else 'NO'}" for what, does in says.items()))
    return all(says.values())


def main() -> int:
    with tempfile.TemporaryDirectory() as name, DemoWeb() as web:
        folder = Path(name)
        data = kills.prepared(folder / "data", web)
        for path in (data / "sources").glob("*.yaml"):  # slowly, so that the crawl outlasts the backup
            path.write_text(re.sub(r"delay: [\d.]+", "delay: 5", path.read_text("utf-8")), "utf-8")
        begun = time.monotonic()
        made, was_running = amid_a_crawl(data, folder / "kept")
        took = time.monotonic() - begun
        print(
            f"{made.stdout.strip()} {made.stderr.strip()}; the crawl still ran: {was_running} ({took:.0f} s)"
        )
        holds = [made.returncode == 0, was_running, held("SQLite", folder / "lite", folder / "kept")]
        binaries = postgresql.programs()
        if binaries is None:
            print(postgresql.MISSING)
        else:
            with postgresql.running(binaries) as server:
                holds.append(held("PostgreSQL", folder / "server", folder / "kept", server.create()))
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
