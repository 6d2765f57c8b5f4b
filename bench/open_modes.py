"""Run a `yaodian` command and record files that others could open at any moment of it.

python -m bench.open_modes REPORT FOLDER WORDS…

At each file operation of the command (Python's audit events) everything in FOLDER is checked, including what
SQLite creates. The paths that were open to the group or to others at any such moment are written to REPORT, one
per line.
"""

from __future__ import annotations

import atexit
import os
import stat
import sys
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
EVENTS = frozenset(
    {
        "open",
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.chmod",
        "os.link",
        "os.listdir",
        "os.scandir",
        "socket.connect",
    }
)


class Watch:
    """Collects; looking is itself not looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found: set[str] = set()
        self._is_looking = False

    def hear(self, name: str, _: tuple[object, ...]) -> None:
        if name in EVENTS and not self._is_looking:
            self._is_looking = True
            self.look()
            self._is_looking = False

    def look(self) -> None:
        for parent, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                path = Path(parent) / name
                try:
                    mode = path.lstat().st_mode
                except FileNotFoundError:
                    continue
                if mode & OTHERS and not stat.S_ISLNK(mode):
                    self.found.add(f"{stat.S_IMODE(mode):04o} {path.relative_to(self.folder)}")


def main() -> None:
    report, folder = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
    watch = Watch(folder)
    from yaodian.__main__ import main as program

    def tell() -> None:
        watch.look()
        report.write_text("\n".join(sorted(watch.found)), encoding="utf-8")

    atexit.register(tell)
    sys.addaudithook(watch.hear)
    program()


if __name__ == "__main__":
    main()
