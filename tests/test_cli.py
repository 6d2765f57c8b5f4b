"""The command line as a user meets it: what it prints, where it says what is wrong, how it exits."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROGRAM, ROOT, Run, clean_environment

from demo.web import DemoWeb
from store.database import Database


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_archive_can_be_asked(archive: Database, yaodian: Run) -> None:
    plans = json.loads(yaodian("plans", "--format", "json").stdout)
    assert len(plans) == 14
    assert {len(plan["documents"]) for plan in plans} == {1, 2}

    edited = _one(
        lines(yaodian("export", "changes").stdout), title="陇原市教育局2026年工作要点", type="changed"
    )
    assert [item["op"] for item in edited["items"]] == ["edited"]
    document = str(edited["document"])

    history = json.loads(yaodian("history", document, "--format", "json").stdout)
    assert [change["type"] for change in history] == ["new", "changed"]
    first = json.loads(yaodian("show", f"{document}@1", "--format", "json").stdout)
    second = json.loads(yaodian("show", document, "--format", "json").stdout)
    assert (first["number"], second["number"]) == (1, 2)
    assert ("1.26亿元" in first["text"], "1.28亿元" in second["text"]) == (True, True)
    assert "1.2[-6-][+8+]亿元" in yaodian("diff", document).stdout
    assert "1.2<del>6</del><ins>8</ins>亿元" in yaodian("diff", document, "1", "2", "--format", "html").stdout
    assert json.loads(yaodian("diff", document, "--format", "json").stdout)["items"][0]["op"] == "edited"
    assert yaodian("show", str(edited["plan"])).stdout == yaodian("show", document).stdout


def _one(found: list[dict[str, object]], *, title: str, type: str) -> dict[str, object]:
    (match,) = (
        f for f in found if title in str(f["title"]) and f["type"] == type and f["source"] != "demo-mirror"
    )
    return match


def test_plans_are_filtered(archive: Database, yaodian: Run) -> None:
    def count(*words: str) -> int:
        return len(lines(yaodian("plans", *words, "--format", "jsonl").stdout))

    assert count("--region", "620000") == 8
    assert count("--region", "000000") == 14
    assert count("--year", "2028") == 2
    assert count("--kind", "发展规划") == 2
    assert count("--publisher", "云台区") == 1
    assert count("--region", "450000", "--year", "2025") == 2


@pytest.mark.one_database
def test_items_are_exported_for_a_spreadsheet(archive: Database, yaodian: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(yaodian("export", "items", "--format", "csv").stdout)))
    assert len(rows) > 500
    assert {"url", "path", "label", "heading", "text"} <= set(rows[0])
    assert not any(row["text"].startswith(("=", "+", "-", "@")) for row in rows)


@pytest.mark.parametrize("what", ["documents", "versions", "changes", "items", "plans"])
def test_every_export_is_lines_of_json(archive: Database, yaodian: Run, what: str) -> None:
    assert lines(yaodian("export", what).stdout)


@pytest.mark.one_database
def test_a_second_crawl_asks_and_is_told_that_nothing_changed(watched: DemoWeb, yaodian: Run) -> None:
    yaodian("crawl", "--all")
    watched.requests.clear()
    again = yaodian("crawl", "--all")
    asked = [r for r in watched.requests if r.path != "/robots.txt"]
    assert len(asked) > 15
    assert {r.status for r in asked} == {304}
    assert "new" not in again.stdout


@pytest.mark.one_database
def test_nothing_is_due_right_after_a_crawl(watched: DemoWeb, yaodian: Run) -> None:
    assert "new" in yaodian("crawl").stdout
    watched.requests.clear()
    assert yaodian("crawl").stdout == "nothing is due\n"
    assert not watched.requests


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["crawl", "nowhere"], "no source 'nowhere'; `yaodian sources list` names them all"),
        (["show", "daaaaaaaaaaaa"], "nothing has the id daaaaaaaaaaaa;"),
        (["show", "12"], "'12' is no id; ids are d or p and twelve characters, see: yaodian plans"),
        (["diff", "paaaaaaaaaaaa"], "nothing has the id paaaaaaaaaaaa;"),
        (["subscriptions", "confirm", "7"], "no subscription 7; `yaodian subscriptions list` names them all"),
        (["digest", "send", "--subscription", "7"], "no subscription 7;"),
        (["extract", "no-such-file.html"], "no-such-file.html: No such file or directory"),
        (["extract", "/dev/null"], "the answer is empty"),
    ],
)
def test_what_is_wrong_is_one_line_on_stderr(yaodian: Run, words: list[str], told: str) -> None:
    answer = yaodian(*words)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("yaodian: ")
    assert told in answer.stderr
    assert answer.stderr.rstrip("\n").count("\n") == 0


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["subscribe", "nobody"], "'nobody' is no mail address"),
        (
            ["subscribe", "a@example.org\nBcc: all@example.org"],
            "is no mail address: white space or a separator",
        ),
        (["subscribe", "a@example.org", "--on", "funday"], "subscription: on: 'funday' is no weekday"),
        (["subscribe", "a@example.org", "--at", "8 Uhr"], "subscription: at: '8 Uhr' is no time of day"),
        (["subscribe", "a@example.org", "--every", "hourly"], "subscription: every:"),
        (
            ["subscribe", "a@example.org", "--region", "inner"],
            "subscription: regions.0: 'inner' is no GB/T 2260 code",
        ),
        (["subscribe", "a@example.org", "--source", "nowhere"], "subscription: no source 'nowhere'"),
    ],
)
def test_wrong_words_are_one_line_and_exit_with_2(yaodian: Run, words: list[str], told: str) -> None:
    answer = yaodian(*words)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("yaodian: ")
    assert told in answer.stderr
    assert answer.stderr.rstrip("\n").count("\n") == 0


@pytest.mark.one_database
@pytest.mark.parametrize(
    "words",
    [
        ["export", "dreams"],
        ["crawl", "--due", "--all"],
        ["plans", "--year", "x"],
        ["plans", "--region", "%"],
        ["diff", "x", "0"],
        ["fly"],
    ],
)
def test_wrong_use_exits_with_2(yaodian: Run, words: list[str]) -> None:
    assert yaodian(*words).returncode == 2


def test_before_init_the_remedy_is_named(tmp_path: Path) -> None:
    answer = subprocess.run(
        [*PROGRAM, "plans", "--data", "here"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr == "yaodian: here is no Yaodian data directory; run: yaodian init --data here\n"
    assert not list(tmp_path.iterdir())


def test_init_and_doctor(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("init").returncode == 0
    assert run("init").returncode == 0
    findings = json.loads(run("doctor", "--format", "json").stdout)
    assert {f["what"]: f["ok"] for f in findings} | {"disk": True} == dict.fromkeys(
        (
            "data", "permissions", "database", "archive", "disk",
            "sources", "health", "dns", "clock", "smtp",
        ),
        True,
    )  # fmt: skip
    assert {path.name for path in (tmp_path / "data").iterdir()} == {
        "yaodian.db",
        "yaodian.toml",
        "warc",
        "sources",
        "outbox",
    }


@pytest.mark.one_database
def test_a_bad_setting_is_named(yaodian: Run, data: Path) -> None:
    answer = yaodian("doctor", YAODIAN_TIMEZONE="Mars/Olympus")
    assert answer.stderr == (
        "yaodian: setting timezone (YAODIAN_TIMEZONE, or in yaodian.toml): 'Mars/Olympus' is unknown; write such as Asia/Shanghai\n"
    )
    (data / "yaodian.toml").write_text("timezone = Asia", encoding="utf-8")
    assert "yaodian.toml" in yaodian("doctor").stderr
    (data / "yaodian.toml").write_text("colour = 'red'", encoding="utf-8")
    assert "colour" in yaodian("doctor").stderr


def test_extract_needs_neither_data_nor_network(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<meta charset=utf-8><title>某县教育局2026年工作要点</title><div><h1>某县教育局2026年工作要点</h1>"
        "<p>一、坚持立德树人</p><p>1.上好思政课。全县32所中小学每周开设1节思政课，并建立台账。</p>"
        "<p>2.办好劳动教育。建设8个劳动教育基地，每学期开展不少于3次集体劳动。</p></div>",
        encoding="utf-8",
    )
    answer = subprocess.run(
        [*PROGRAM, "extract", str(page), "--url", "http://www.example.org/1.html"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    read = json.loads(answer.stdout)
    assert read["url"] == "http://www.example.org/1.html"
    assert read["metadata"]["period"] == {"start": 2026, "end": 2026}
    assert [child["label"] for child in read["outline"][-1]["children"]] == ["1.", "2."]
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_scrapy_knows_the_project() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["source"]


@pytest.mark.one_database
def test_a_reader_that_goes_early_is_no_failure(archive: Database, data: Path) -> None:
    """As `head` does, before or after the first words are written."""
    for words in (["export", "versions"], ["plans", "--help"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [*PROGRAM, "--data", str(data), *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            check=False,
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, b"")
