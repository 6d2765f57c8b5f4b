"""A warning or error that repeats is logged at once, and then once a minute with how often it came."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from yaodian import logs
from yaodian.repeats import MAX_EVENTS, MAX_VARIANTS, LimitRepeats


class Log:
    """The program's log, and what has been written to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.out = io.StringIO()
        monkeypatch.setattr(sys, "stderr", self.out)
        self.now = 0.0
        monkeypatch.setattr("yaodian.repeats.time.monotonic", lambda: self.now)
        logs.begin("json")
        handler = logging.getLogger().handlers[0]
        assert isinstance(handler, LimitRepeats)
        self.handler = handler

    def lines(self) -> list[dict[str, object]]:
        found = [json.loads(line) for line in self.out.getvalue().splitlines()]
        self.out.seek(0)
        self.out.truncate()
        return found


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    made = Log(monkeypatch)
    yield made
    made.handler.close()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def accept_fails() -> None:
    try:
        raise OSError(24, "Too many open files")
    except OSError:
        logging.getLogger("asyncio").exception("socket.accept() out of system resource\nsocket: <%s>", 7)


def test_an_error_without_end_is_two_lines_a_minute(log: Log) -> None:
    for _ in range(5000):
        accept_fails()
    (first,) = log.lines()
    assert "Too many open files" in str(first["exception"])
    log.now = 61
    accept_fails()
    summary, again = log.lines()
    assert (summary["repeated"], summary["level"], summary["logger"]) == (4999, "error", "asyncio")
    assert str(summary["event"]).startswith("socket.accept() out of system resource")
    assert "exception" not in summary
    assert "repeated" not in again


def test_our_events_are_told_apart_by_what_they_say(log: Log) -> None:
    said = structlog.get_logger("yaodian.tests")
    for _ in range(3):
        for name in ("a", "b"):
            said.error("source file refused", file=name)
        said.info("tick")
    found = log.lines()
    assert [event.get("file") for event in found if event["level"] == "error"] == ["a", "b"]
    assert sum(event["level"] == "info" for event in found) == 3
    log.handler.close()
    (summary,) = log.lines()
    assert (summary["event"], summary["repeated"]) == ("source file refused", 4)


def test_memory_and_lines_are_bounded(log: Log) -> None:
    said = structlog.get_logger("yaodian.tests")
    for n in range(3000):
        said.warning("made up", by=n)
        logging.getLogger("other").warning(f"text {n}")
    assert len(log.lines()) <= MAX_VARIANTS + MAX_EVENTS + 1
    log.now = 61
    said.info("later")
    told = [event for event in log.lines() if "repeated" in event]
    assert len(told) == 2
    assert sum(int(str(event["repeated"])) for event in told) > 5000


def test_what_was_kept_back_is_told_although_nothing_follows(log: Log) -> None:
    quick = LimitRepeats(log.handler.target, period_seconds=0.01)
    record = logging.LogRecord("a", logging.ERROR, "file", 1, "fails", None, None)
    for _ in range(3):
        quick.handle(record)
    assert quick._timer is not None
    log.now = 1
    while (timer := quick._timer) is not None:
        timer.join(10)
    assert [event.get("repeated") for event in log.lines()] == [None, 2]
