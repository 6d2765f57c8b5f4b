"""Work in child processes: what each may take, how it is ended, and what is heard of it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import month
from bench.month_wanted import DAY, HOUR, Times
from scheduler import children, embedded
from scheduler.children import Children
from scheduler.work import Ending, Limits, Work
from store.database import Database
from store.errors import OperatorError

ENOUGH = Limits(60, 1 << 30)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); "


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOOK_S", 0.05)
    monkeypatch.setattr(children, "GRACE_S", 0.3)


def run(code: str, limits: Limits = ENOUGH) -> tuple[Ending, list[dict[str, Any]]]:
    """A child that runs this code, and what is heard of it."""
    heard: list[dict[str, Any]] = []
    kept = Children([sys.executable, "-c"], 1, lambda _, event: heard.append(event))
    ending = asyncio.run(kept.run(Work("crawl", (code,), limits, ("a",))))
    assert kept.running == {}
    return ending, heard


@pytest.mark.parametrize(
    ("code", "limits", "why"),
    [
        ("import time; time.sleep(60)", Limits(0.2, 1 << 30), "it took more than 0.2 seconds"),
        (STUBBORN + "time.sleep(60)", Limits(0.2, 1 << 30), "it took more than 0.2 seconds"),
        (
            STUBBORN + "a = b'x' * (90 << 20); time.sleep(60)",
            Limits(60, 64 << 20),
            "it took more than 64 MB of memory",
        ),
    ],
    ids=["hangs", "hangs and will not end", "eats memory"],
)
def test_a_child_that_takes_too_much_is_ended(code: str, limits: Limits, why: str) -> None:
    ending, _ = run(code, limits)
    assert (ending.why, ending.stopped, ending.ended) == (why, False, frozenset())
    assert ending.status < 0


def test_what_a_child_tells_is_heard_whatever_it_is() -> None:
    code = (
        'import sys; print(\'{"event": "crawl ended", "source": "a", "outcome": "done"}\');'
        'print(\'{"event": "crawl ended", "source": "b", "outcome": "interrupted"}\');'
        "print('no json'); print('[1]'); print('x' * (3 << 20)); print('{\"event\": \"last\"}');"
        "sys.stderr.buffer.write(b'\\xff broken\\n'); sys.exit(3)"
    )
    ending, heard = run(code)
    assert (ending.status, ending.ended, ending.why) == (3, frozenset({"a"}), "")
    told = [event["event"] for event in heard]
    assert told.count("crawl ended") == 2
    assert heard[[event["event"] for event in heard].index("last")] == {"event": "last"}
    assert {"event": "said", "text": "no json"} in heard
    assert {"event": "said", "level": "warning", "text": "\ufffd broken"} in heard


def test_a_service_that_ends_asks_its_children_and_begins_none() -> None:
    async def stopped() -> Ending:
        ready = asyncio.Event()
        kept = Children([sys.executable, "-c"], 2, lambda *_: ready.set())
        going = asyncio.create_task(kept.run(Work("crawl", (STUBBORN + "time.sleep(60)",), ENOUGH)))
        await ready.wait()
        assert kept.free == 1
        await kept.stop()
        assert kept.free == 0
        return await going

    ending = asyncio.run(stopped())
    assert (ending.stopped, ending.why, ending.status) == (True, "stopped", -9)


def test_a_child_that_cannot_be_begun_is_no_sources_doing() -> None:
    """As when the machine has no memory or no process left: what was claimed is let go."""
    kept = Children(["/nowhere/python"], 1, lambda *_: None)
    ending = asyncio.run(kept.run(Work("crawl", (), ENOUGH, ("a",))))
    assert (ending.excused, ending.stopped, kept.free) == (True, False, 1)
    assert ending.why == "no child could be begun: No such file or directory"


@pytest.mark.one_database
def test_what_ended_is_written_down_when_the_database_is_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the service would renew its claims on these sources for as long as it lives."""
    monkeypatch.setattr(embedded, "AGAIN_S", 0)
    plan = month.Plan(Times(month.BEGIN, month.BEGIN + DAY, HOUR), (), ())
    service, _ = month.Month(database, plan).service()
    tries: list[str] = []

    def settle(ending: Ending) -> None:
        tries.append(ending.why)
        if len(tries) < 3:
            raise OperatorError("the database is away")

    async def run(work: Work) -> Ending:
        return Ending(work, 0, frozenset(work.sources), stopped=False)

    monkeypatch.setattr(service, "settle", settle)
    monkeypatch.setattr(service.runner, "run", run)
    asyncio.run(service._crawl(("a",)))
    assert len(tries) == 3


def test_what_a_child_logs_is_one_event_and_what_it_says_is_said() -> None:
    code = """import sys; sys.stderr.write('{"event": "delivery failed", "level": "error", "exception": "a\\\\nb"}\\nplain words\\n')"""
    _, heard = run(code)
    assert heard == [
        {"event": "delivery failed", "level": "error", "exception": "a\nb"},
        {"event": "said", "level": "warning", "text": "plain words"},
    ]


def test_a_command_that_crashes_in_a_child_is_one_event(tmp_path: Path) -> None:
    (tmp_path / "yaodian.toml").write_text("", encoding="utf-8")
    heard: list[dict[str, Any]] = []
    words = [sys.executable, "-c", CRASHING, str(os.getpid())]
    kept = Children(words, 1, lambda _, event: heard.append(event))
    ending = asyncio.run(kept.run(Work("digests", ("sources", "list"), ENOUGH)))
    assert ending.status == 1
    (event,) = heard
    assert (event["event"], event["level"], event["error"]) == ("crashed", "error", "ZeroDivisionError")
    assert event["exception"].startswith("Traceback")


CRASHING = """
import yaodian.child as child
import yaodian.__main__ as program
def run(*_):
    1 / 0
program._run = run
child.main()
"""
