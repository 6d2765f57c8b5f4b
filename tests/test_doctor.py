"""What `yaodian doctor` finds: each sign is broken for real, found alone, and told with its remedy."""

from __future__ import annotations

import datetime as dt
import json
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from sqlalchemy import select, update

from bench import mailserver
from store import models as rows
from store.database import Database
from store.errors import OperatorError
from yaodian import checkup, settings, wellbeing

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def found(data: Path) -> list[checkup.Finding]:
    return list(checkup.findings(settings.load(data), dt.datetime.now(dt.UTC)))


def wrong(data: Path) -> list[tuple[str, str]]:
    # How full this machine's disk is, is not what is tested.
    return [(one.what, one.says) for one in found(data) if not one.ok and one.what != "disk"]


def first_file(data: Path) -> Path:
    return next((data / "warc").glob("*.warc.gz*"))


def damage(data: Path, _: Database) -> None:
    path = data / "yaodian.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("select max(pageno) from dbstat where name = 'captures'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def lose(data: Path, _: Database) -> None:
    first_file(data).unlink()


def cut(data: Path, _: Database) -> None:
    path = first_file(data)
    path.write_bytes(path.read_bytes()[:-100])


def hide(data: Path, _: Database) -> None:
    (data / "warc").rename(data / "elsewhere")


def fetch_tomorrow(_: Path, database: Database) -> None:
    with database.write() as session:
        last = session.scalars(select(rows.Capture).order_by(rows.Capture.id.desc()).limit(1)).one()
        last.fetched_at = NOW + DAY


def forget_the_service(_: Path, database: Database) -> None:
    with database.write() as session:
        session.execute(update(rows.Source).values(next_due_at=NOW - 2 * DAY))
        session.add(rows.Duty(source_id="demo-longyuan", host="a", schedule="{}", rules="r"))


def crash(_: Path, database: Database) -> None:
    with database.write() as session:
        session.add(rows.Duty(source_id="demo-longyuan", host="a", schedule="{}", rules="r", crashes=2))


def move_away(data: Path, _: Database) -> None:
    for path in (data / "sources").glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("127.0.0.1", "nowhere.invalid"), "utf-8")


def spoil(data: Path, _: Database) -> None:
    (data / "sources" / "mine.yaml").write_text("id: mine\nnam: 我的\n", "utf-8")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("breaks", "what", "says", "remedy"),
    [
        (damage, "database", "yaodian.db", "restore it from a backup"),
        (lose, "archive", "1 of its files are not there", "restore them from a backup"),
        (cut, "archive", "1 of its files are cut", "restore them from a backup"),
        (hide, "archive", "No such file or directory", "restore it from a backup"),
        (fetch_tomorrow, "clock", "something was written at", "timedatectl set-ntp true"),
        (forget_the_service, "service", "overdue by a day", "see that yaodian serve runs"),
        (crash, "service", "never came to their end, such as demo-longyuan", "see logs/crawl.log"),
        (move_away, "dns", "none of 1 sites' names is found", "mend the network"),
        (spoil, "sources", "mine.yaml", "nam"),
    ],
)
def test_what_is_broken_is_found_alone_and_told_with_its_remedy(
    archive: Database, data: Path, breaks: Callable[[Path, Database], None], what: str, says: str, remedy: str
) -> None:
    assert wrong(data) == []
    archive.close()
    breaks(data, archive)
    (finding,) = wrong(data)
    assert finding[0] == what
    assert says in finding[1]
    assert remedy in finding[1]
    assert "\n" not in finding[1]


@pytest.mark.one_database
def test_a_clock_that_was_wrong_once_is_right_again(archive: Database, data: Path) -> None:
    with archive.write() as session:
        session.execute(update(rows.Capture).where(rows.Capture.id == 1).values(fetched_at=NOW + 365 * DAY))
    assert wrong(data) == []


def test_a_full_disk_and_no_data_directory_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "ENOUGH_BYTES", 1 << 60)
    assert checkup.disk(tmp_path / "not" / "yet").says.endswith("GB free; free at least 1 GB")
    assert checkup.folder(tmp_path / "not").says.endswith(f"run: yaodian init --data {tmp_path / 'not'}")


def test_the_mail_server_is_asked_for_a_log_in_and_sent_nothing(tmp_path: Path) -> None:
    with mailserver.running(tmp_path / "log", "--login", "someone:right") as server:
        good = checkup.mail(f"smtp://someone:right@127.0.0.1:{server.port}")
        bad = checkup.mail(f"smtp://someone:mistaken@127.0.0.1:{server.port}")
        assert server.taken() == []
    assert good.ok, good.says
    assert (bad.ok, "mistaken" in bad.says) == (False, False)
    assert bad.says.endswith("mend user and password in YAODIAN_SMTP_URL")
    with mailserver.running(tmp_path / "log", "--tls", str(tmp_path), "--implicit") as server:
        strange = checkup.mail(f"smtps://localhost:{server.port}")
    assert (strange.ok, "certificate verify failed" in strange.says) == (False, True)
    with socket.socket() as held:  # a port at which nobody listens
        held.bind(("127.0.0.1", 0))
        closed = checkup.mail(f"smtp://127.0.0.1:{held.getsockname()[1]}")
    assert (closed.ok, "Connection refused; mend YAODIAN_SMTP_URL" in closed.says) == (False, True)


@pytest.mark.one_database
def test_the_operator_is_told_once_of_what_the_hourly_look_finds(
    database: Database, data: Path, yaodian: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAODIAN_OPERATOR", "operator@example.org")
    spoil(data, database)
    said = yaodian("doctor", "--tell", YAODIAN_OPERATOR="operator@example.org")
    events = [json.loads(line) for line in said.stdout.splitlines() if '"disk"' not in line]
    assert [(one["event"], one["level"], one["what"]) for one in events] == [
        ("not well", "warning", "sources")
    ]
    now = settings.load(data)
    for what in (["sources"], ["sources", "smtp"], ["smtp", "sources"], [], []):
        wellbeing.tell_findings(now, [checkup.Finding(one, False, f"{one} is off") for one in what], NOW)
    with database.read() as session:
        letters = session.scalars(select(rows.Letter).order_by(rows.Letter.id)).all()
    subjects = [letter.content["subject"].removeprefix("要点 服务检查：") for letter in letters]
    assert subjects[-3:] == ["来源文件", "来源文件、发信服务器", "恢复正常"]
    assert "发信服务器: smtp is off" in letters[-2].content["text"]


def test_subscriptions_that_are_not_sent_to_are_listed_and_told_at_an_upgrade(
    data: Path, database: Database, yaodian: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    with database.write() as session:
        for number, kept in enumerate((address, f"{address}/?template=/etc/passwd"), 1):
            row = rows.Subscription(
                address=kept, mailbox=kept, filter={}, rhythm={}, state="active", created_at=NOW, id=number
            )
            session.add(row)
    with database.read() as session:
        ((finding),) = checkup.addresses(session, allow_private=False)
    assert finding.says.startswith("the addresses of 1 subscriptions are not sent to")
    assert "2 (slack://…)" in finding.says
    assert "TIiajkdn" not in finding.says
    for told in (yaodian("doctor").stdout, yaodian("init").stderr):
        assert "yaodian subscriptions remove 2" in " ".join(told.split())


@pytest.mark.one_database
def test_webhooks_for_everybody_and_private_addresses_do_not_go_together(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAODIAN_PUBLIC_CHANNELS", "webhook, wecombot")
    assert list(checkup.open_to_the_public(settings.load(data))) == []
    monkeypatch.setenv("YAODIAN_ALLOW_PRIVATE_ADDRESSES", "1")
    (finding,) = checkup.open_to_the_public(settings.load(data))
    assert "YAODIAN_PUBLIC_CHANNELS" in finding.says
    monkeypatch.setenv("YAODIAN_PUBLIC_CHANNELS", '["json"]')
    with pytest.raises(OperatorError, match=r"YAODIAN_PUBLIC_CHANNELS.*expected some of webhook, dingtalk"):
        settings.load(data)
