"""What an operator sees of the service: its log, its metrics and their rules, the progress of a crawl, exit codes."""

from __future__ import annotations

import datetime as dt
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import PROGRAM, ROOT, Run, clean_environment

from demo.web import DemoWeb
from scheduler.chores import CHORES
from store import metrics, retention
from store import models as rows
from store.database import Database

NOW = dt.datetime(2026, 11, 23, 3, 30, tzinfo=dt.UTC)
SAY = """
import logging, structlog
from yaodian import logs
logs.begin({form!r})
structlog.get_logger("yaodian.work").info("document", source="一", document="d1", run=3)
logging.getLogger("other.library").warning("it says %s", "this")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("yaodian").exception("broke")
"""


def logged(form: str) -> str:
    said = subprocess.run([sys.executable, "-c", SAY.format(form=form)], capture_output=True, text=True, check=True,
                          env=clean_environment())  # fmt: skip
    return said.stderr


def test_the_log_is_one_event_a_line_or_for_people() -> None:
    events = [json.loads(line) for line in logged("json").splitlines()]
    assert [event["event"] for event in events] == ["document", "it says this", "broke"]
    assert {"source": "一", "document": "d1", "run": 3, "level": "info"}.items() <= events[0].items()
    assert {event["logger"] for event in events} == {"yaodian.work", "other.library", "yaodian"}
    assert "ZeroDivisionError" in events[2]["exception"]
    first = logged("text").splitlines()[0]
    assert re.search(r"\[info +\] document +\[yaodian.work\] document=d1 run=3 source=一", first), first


def test_every_rule_of_the_example_names_metrics_that_there_are(archive: Database) -> None:
    with archive.write() as session:
        session.merge(rows.Chore(name="tidy", due_at=NOW, done_at=NOW))
    metrics.expect(chore.name for chore in CHORES)
    told = metrics.text(archive, NOW).decode()
    there = set(re.findall(r"^([a-z_]+?)(?:_bucket|_count|_sum)?(?:\{.*\})? [\d.e+-]+$", told, re.M))
    there |= set(re.findall(r"^# TYPE (\w+) ", told, re.M))
    # The queue's are there where there is a queue.
    there |= set(re.findall(r'"(yaodian_queue_\w+)"', Path(metrics.__file__).read_text("utf-8")))
    groups = yaml.safe_load((ROOT / "contrib" / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        named = set(re.findall(r"\b(?:yaodian|process)_\w+", rule["expr"]))
        assert named <= there, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "warn")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["remedy"]
        kinds = set(re.findall(r'kind="(\w+)"', rule["expr"])) & {"health", "verify", "tidy"}
        assert all(f'yaodian_work_total{{kind="{kind}",outcome="failed"}}' in told for kind in kinds)
    done = re.search(r'yaodian_chore_done_timestamp_seconds\{kind="tidy"\} (.+)', told)
    assert done
    assert float(done[1]) == NOW.timestamp()


@pytest.mark.one_database
def test_a_crawl_shows_a_bar_on_a_terminal_and_lines_in_a_pipe(
    watched: DemoWeb, data: Path, environment: dict[str, str], yaodian: Run
) -> None:
    mine, theirs = pty.openpty()
    words = [*PROGRAM, "--data", str(data), "crawl", "--all"]
    process = subprocess.Popen(
        words, stderr=theirs, stdout=theirs, env=environment | {"TERM": "xterm", "COLUMNS": "100"}
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            some = os.read(mine, 65536)
        except OSError:  # the terminal is closed
            break
        if not some:
            break
        shown += some
    os.close(mine)
    assert process.wait(60) == 0
    assert re.search(rb"demo-guiling .*\d+/(\d+|\?).* pages", shown), shown[-2000:]
    piped = yaodian("crawl", "--all", "--format", "jsonl")
    events = [json.loads(line) for line in piped.stdout.splitlines()]
    assert {"crawl begins", "crawl ended"} <= {event["event"] for event in events}
    assert all({"asked", "documents"} <= set(e["counts"]) for e in events if e["event"] == "crawl ended")


@pytest.mark.one_database
def test_a_service_that_cannot_begin_exits_with_1_and_wrong_use_with_2(yaodian: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = yaodian("serve", "--port", str(held.getsockname()[1]))
    assert (taken.returncode, taken.stderr.count("\n")) == (1, 1)
    assert "choose another --host or --port" in taken.stderr
    assert yaodian("serve", "--port", "99999").returncode == 2


@pytest.mark.one_database
def test_logs_are_put_aside_each_night_and_dropped_when_they_are_old(database: Database, data: Path) -> None:
    log = data / "logs" / "crawl.log"
    log.parent.mkdir()
    for night in range(3):
        log.write_text(f"night {night}", encoding="utf-8")
        at = NOW + dt.timedelta(days=night)
        os.utime(log, (at.timestamp(), at.timestamp()))
        for _ in range(2):
            retention.tidy(database, data, retention.Rules(logs=2), at + dt.timedelta(hours=1))
    assert {path.name for path in log.parent.iterdir()} == {"crawl-2026-11-24.log", "crawl-2026-11-25.log"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", sorted((ROOT / "contrib").glob("*.service")), ids=lambda unit: unit.name)
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    # What is installed is not there; everything else has to be as systemd knows it.
    words = unit.read_text("utf-8").replace("/opt/yaodian/.venv/bin/yaodian", "/bin/true")
    (tmp_path / unit.name).write_text(words, "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    assert [line for line in said.stderr.splitlines() if unit.name in line] == []
