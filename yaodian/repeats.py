"""Log handler that limits repeated warnings and errors.

The first of an event is logged at once; repeats are counted, and their number is logged once a minute.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PERIOD_SECONDS = 60.0
MAX_VARIANTS = 20
"""Records of one event with different fields that are logged within a period; more are counted."""
MAX_EVENTS = 500
"""Events that are told apart within a period; what is beyond is counted together, by level."""

Key = tuple[str, int, str, str]


@dataclass(slots=True)
class _Event:
    """One kind of event within its period."""

    began: float
    variants: set[int] = field(default_factory=set)
    repeated: int = 0
    sample: logging.LogRecord | None = None


class LimitRepeats(logging.Handler):
    """Hands records on to another handler, of each warning or error once a minute.

    What was kept back is told in a line of the same event with `repeated`, how often it came beside those that were
    logged. Records that differ in their fields only are logged each, up to MAX_VARIANTS.
    """

    def __init__(self, target: logging.Handler, period_seconds: float = PERIOD_SECONDS) -> None:
        super().__init__()
        self.target = target
        self.period_seconds = period_seconds
        self._events: dict[Key, _Event] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on or count one record; called with the handler's lock held."""
        now = time.monotonic()
        self._tell_ended(now)
        if record.levelno < logging.WARNING:
            self.target.handle(record)
            return
        key = _key(record)
        if key not in self._events and len(self._events) >= MAX_EVENTS:
            key = ("", record.levelno, "", "")
        event = self._events.setdefault(key, _Event(now))
        variant = hash(_fields(record))
        if variant not in event.variants and len(event.variants) < MAX_VARIANTS:
            event.variants.add(variant)
            self.target.handle(record)
            return
        event.repeated += 1
        if event.sample is None:
            event.sample = _without_trace(record)
        self._start_timer()

    def close(self) -> None:
        with self._locked():
            self._tell_ended(float("inf"))
            if self._timer is not None:
                self._timer.cancel()
        super().close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the handler's lock, as `handle` does around `emit`."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _tell_ended(self, now: float) -> None:
        """Tell of the events whose period has ended; those that began first come first."""
        for key in list(self._ended(now)):
            event = self._events.pop(key)
            if event.sample is not None:
                self.target.handle(_summary(event.sample, event.repeated))

    def _ended(self, now: float) -> Iterator[Key]:
        for key, event in self._events.items():
            if now - event.began < self.period_seconds:
                return
            yield key

    def _start_timer(self) -> None:
        """Have the counts told even if nothing more is logged."""
        if self._timer is None:
            self._timer = threading.Timer(self.period_seconds, self._tell_later)
            self._timer.daemon = True
            self._timer.start()

    def _tell_later(self) -> None:
        with self._locked():
            self._timer = None
            self._tell_ended(time.monotonic())
            if any(event.repeated for event in self._events.values()):
                self._start_timer()


def _key(record: logging.LogRecord) -> Key:
    """Return the key that two records of the same event share.

    Of other libraries' texts only the first line counts: asyncio lists objects in the following lines.
    """
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    if isinstance(record.msg, dict):
        return record.name, record.levelno, str(record.msg.get("event")), kind
    return record.name, record.levelno, str(record.msg).split("\n", 1)[0][:200], kind


def _fields(record: logging.LogRecord) -> str:
    """Return the details in which records of one event can differ.

    For our own records these are the fields except the time, for other libraries' the place where the exception
    was raised.
    """
    if isinstance(record.msg, dict):
        return repr(sorted((key, value) for key, value in record.msg.items() if key != "timestamp"))
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _without_trace(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of the record without its traceback, whose frames would keep objects in memory."""
    kept = copy.copy(record)
    kept.exc_info = kept.exc_text = None
    if isinstance(record.msg, dict):
        kept.msg = {key: value for key, value in record.msg.items() if key != "exception"}
    return kept


def _summary(record: logging.LogRecord, repeated: int) -> logging.LogRecord:
    told = copy.copy(record)
    if isinstance(record.msg, dict):
        told.msg = record.msg | {"repeated": repeated}
    else:
        told.repeated = repeated
    return told
