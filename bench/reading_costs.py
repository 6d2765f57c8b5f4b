"""What reading a hostile page, listing or source file costs this process, and what it raises: for attacks and tests."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

from crawler.reader_process import WALL_S
from store.errors import SiteError, SourceError

BLOCKS_S = 1.0
"""CPU seconds for which a page may keep everything else waiting."""
REST_S = 5.0
"""What the start of a reader process and a loaded machine may add to its limit."""
MEMORY = 300 << 20
"""Bytes by which the reading process itself may grow."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one reading came to: its result, or the error that refused it, and what it took beyond the limits."""

    result: object = None
    refusal: str = ""
    breach: str = ""


def measure_reading(
    read: Callable[[], object], *, most_cpu_s: float = BLOCKS_S, most_bytes: int = MEMORY
) -> Cost:
    """Run a reading and return its cost. A SiteError or SourceError is a refusal, any other exception a breach."""
    memory, cpu, wall = _peak(), time.process_time(), time.monotonic()
    result, refusal = None, ""
    try:
        result = read()
    except (SiteError, SourceError) as error:
        refusal = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return Cost(breach=f"raised {error!r:.200}")
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    grown = _peak() - memory
    breach = ""
    if cpu > most_cpu_s or wall > WALL_S + REST_S:
        breach = f"took {cpu:.1f} s of CPU and {wall:.1f} s"
    elif grown > most_bytes:
        breach = f"took {grown >> 20} MB"
    return Cost(result, refusal, breach)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
