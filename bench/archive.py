"""Records written to the archive and read back one by one, beside warcio doing the same work.

python -m bench.archive [PAGES]
Exit status 1 where one of them does not come back as it was.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bench import monitor_pages
from bench.table import beside
from store.archive import Archive
from store.flow import Capture

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
HEADERS = (("Content-Type", "text/html; charset=utf-8"), ("ETag", '"5f3a-61c"'))

Made = TypeVar("Made")
Place = tuple[int, int]
"""Offset and length of a record."""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        www = Path(folder) / "www"
        www.mkdir()
        paths = monitor_pages.write(www, count)
        captures = [
            Capture(f"http://www.example.org{path}", 200, HEADERS, (www / path.strip("/")).read_bytes(), NOW)
            for path in paths
        ]
        archive = Archive(Path(folder) / "archive")
        places, writing = spent(lambda: [archive.append(capture) for capture in captures])
        order = random.Random(1).sample(range(count), count)
        read, reading = spent(lambda: [archive.read(places[at]).body for at in order])
        archive.close()
        file = Path(folder) / "warcio.warc.gz"
        marks, their_writing = spent(lambda: written(file, captures))
        their_read, their_reading = spent(lambda: [body_at(file, marks[at]) for at in order])
        size = sum(path.stat().st_size for path in (Path(folder) / "archive").iterdir())
        their_size = file.stat().st_size
    wanted = [captures[at].body for at in order]
    print(f"{count} pages of {sum(map(len, wanted)) / count / 1000:.1f} KB, each on the disk before the next")
    beside("a record written", "CPU ms", 1000 * writing / count, {"warcio": 1000 * their_writing / count})
    beside("a record read back", "CPU ms", 1000 * reading / count, {"warcio": 1000 * their_reading / count})
    beside("a record on the disk", "KB", size / count / 1000, {"warcio": their_size / count / 1000})
    return 0 if read == wanted == their_read else 1


def spent(work: Callable[[], Made]) -> tuple[Made, float]:
    """What it gives, and its CPU seconds."""
    begun = time.process_time()
    return work(), time.process_time() - begun


def written(path: Path, captures: Sequence[Capture]) -> list[Place]:
    """As a program does that keeps them with warcio: a gzip member each, forced to the disk."""
    places = []
    with path.open("wb", buffering=0) as file:
        writer = WARCWriter(file, gzip=True)
        for capture in captures:
            begun = file.tell()
            head = StatusAndHeaders(f"{capture.status} OK", list(capture.headers), protocol="HTTP/1.1")
            record = writer.create_warc_record(
                capture.url, "response", payload=io.BytesIO(capture.body), http_headers=head
            )
            writer.write_record(record)
            os.fdatasync(file.fileno())
            places.append((begun, file.tell() - begun))
    return places


def body_at(path: Path, place: Place) -> bytes:
    offset, length = place
    with path.open("rb") as file:
        file.seek(offset)
        record = next(iter(ArchiveIterator(io.BytesIO(file.read(length)))))
        body: bytes = record.content_stream().read()
        return body


if __name__ == "__main__":
    sys.exit(main())
