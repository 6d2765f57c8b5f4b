"""The in-memory cache of the source catalogue: a file is parsed again only after it has changed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from crawler.sources.catalogue import Catalogue, Stamp, bundled, combine, list_files, read_file
from crawler.sources.schema import Source
from store.errors import SourceError

# A file that changed so shortly before it was read may change again without its times showing it: kernels count them
# in steps of some milliseconds.
_UNSURE_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class _Entry:
    stamp: Stamp | None
    found: Source | SourceError


@lru_cache(maxsize=4)
def shared_cache(*folders: Path) -> CatalogueCache:
    """Return this process's cache for these folders, which the service and the web pages share."""
    return CatalogueCache(*folders)


class CatalogueCache:
    """What `catalogue.load` returns for these folders, for all threads. Do not change what it returns."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self._lock = threading.Lock()
        self._files: list[list[tuple[str, Stamp]]] = []
        self._entries: dict[str, _Entry] = {}
        self._is_unsure = False
        self._catalogue = Catalogue({}, ())

    def load(self) -> Catalogue:
        """Return the catalogue as the files are at this moment."""
        with self._lock:
            files = [list_files(folder) for folder in self.folders]
            if self._is_unsure or files != self._files:
                self._renew(files)
            return self._catalogue

    def _renew(self, files: list[list[tuple[str, Stamp]]]) -> None:
        entries: dict[str, _Entry] = {}
        for folder, those in zip(self.folders, files, strict=True):
            is_trusted = folder == bundled()
            for path, stamp in those:
                known = self._entries.get(path)
                if known is None or known.stamp is None or known.stamp != stamp:
                    known = _read(path, stamp, is_trusted=is_trusted)
                entries[path] = known
        self._is_unsure = any(entry.stamp is None for entry in entries.values())
        self._catalogue = combine((path, entry.found) for path, entry in entries.items())
        self._files, self._entries = files, entries


def _read(path: str, stamp: Stamp, *, is_trusted: bool) -> _Entry:
    now = time.time_ns()
    found = read_file(Path(path), is_trusted=is_trusted)
    return _Entry(None if 0 <= now - stamp[0] < _UNSURE_NS else stamp, found)
