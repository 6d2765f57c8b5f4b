"""The timeline's changes are exactly those that were made; noise and a redesign are nothing; the digest has each once."""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import pytest

from bench.postgresql import Server
from demo.content import load_content
from demo.expected import Expected
from demo.tour import READER, Day, Tour, tour
from store.database import Database


@pytest.fixture(scope="module")
def toured_url(server_or_none: Server | None) -> Iterator[str | None]:
    url = server_or_none.create() if server_or_none else None
    yield url
    if server_or_none and url:
        server_or_none.drop(url)


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory, toured_url: str | None) -> tuple[Tour, list[Day]]:
    days: list[Day] = []
    return tour(tmp_path_factory.mktemp("demo") / "data", days.append, toured_url), days


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_each_day_reports_what_was_done_and_nothing_else(toured: tuple[Tour, list[Day]], number: int) -> None:
    _, days = toured
    wanted = [_wanted(expected) for expected in load_content().expected(number, lambda _, path: path)]
    found = [_found(change) for change in days[number - 1].changes]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


def test_noise_is_fetched_and_read_before_it_is_called_nothing(
    toured: tuple[Tour, list[Day]], toured_url: str | None
) -> None:
    """Days without changes must not come from days without looking."""
    written, _ = toured
    database = Database(toured_url or f"sqlite:///{written.data / 'yaodian.db'}")
    with database.engine.connect() as connection:
        runs = connection.exec_driver_sql("select outcome, counts from runs order by id").all()
        captures = connection.exec_driver_sql(
            "select count(*) from captures where body_of is null"
        ).scalar_one()
    assert {outcome for outcome, _ in runs} == {"done"}
    assert captures > 60


def test_the_mail_says_every_change_in_both_forms(toured: tuple[Tour, list[Day]]) -> None:
    written, days = toured
    mail = email.message_from_bytes(written.mail.read_bytes(), policy=default)
    assert mail["To"] == READER
    assert mail["Message-ID"]
    plain = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    for text in (plain.get_content(), html.get_content()):
        for change in (change for day in days for change in day.changes):
            assert str(change["url"]) in text
        assert "1.2" in text
    assert written.html.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_what_is_not_a_demo_is_not_removed(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work", encoding="utf-8")
    with pytest.raises(Exception, match="holds something else than a demo"):
        tour(tmp_path, lambda _: None)
    assert precious.read_text(encoding="utf-8") == "years of work"


def _wanted(expected: Expected) -> tuple[object, ...]:
    items = [(i.op, i.old_path, i.new_path, i.old, i.new) for i in (*expected.items, *expected.renumbered)]
    fields = [(f.field, f.old, f.new) for f in expected.metadata]
    role = "reprint" if expected.is_reprint else "original"
    return expected.type, expected.url, sorted(items, key=repr), fields, role


def _found(change: dict[str, object]) -> tuple[object, ...]:
    items = [(i["op"], i["old_path"], i["new_path"], i["old"], i["new"]) for i in change["items"]]
    fields = [(f["field"], f["old"], f["new"]) for f in change["metadata"]]
    # The sites' ports are the run's own.
    path = "/" + str(change["url"]).split("/", 3)[3]
    return change["type"], path, sorted(items, key=repr), fields, change["role"]
