"""A database of the first revision comes up to date with its rows, whole or not at all, wherever it is cut."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import clean_environment
from sqlalchemy import inspect, select, text

from bench.revisions import PAGE, fill_first
from bench.revisions import ROWS as FIRST_ROWS
from notify.addresses import mailbox
from notify.filters import Filter
from store import database as module
from store import export
from store import models as rows
from store.database import Database
from store.errors import OperatorError
from store.models import Base

# Killed by the kernel in the midst of it, after it has made a table and changed rows.
CUT = """
import os, signal
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{number}", "{before}"

def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("update plans set title = 'half done'")
    {end}
"""
UPGRADE = """
import sys
from pathlib import Path
from store import database
database.MIGRATIONS = Path(sys.argv[1])
database.Database(sys.argv[2]).upgrade()
"""


@pytest.fixture
def old(bare_url: str) -> str:
    """A database of revision 0001 with a row of every table."""
    fill_first(bare_url)
    return bare_url


def test_rows_of_the_first_revision_are_read_by_todays_models(old: str) -> None:
    database = Database(old)
    with pytest.raises(OperatorError, match="made by an older Yaodian; run: yaodian init"):
        database.check()
    database.upgrade()
    database.check()
    with database.read() as session:
        for mapper in Base.registry.mappers:
            if mapper.local_table.name in FIRST_TABLES:
                assert len(list(session.scalars(select(mapper.class_)))) == 1, mapper.local_table.name
        (change,) = export.changes(session)
        assert (change["title"], change["detected_at"]) == (PAGE.title, "2026-02-03T04:05:06Z")
        (version,) = export.versions(session)
        assert version["text"] == PAGE.text
        assert session.scalars(select(rows.Subscription)).one().filter == {"regions": ["620000"]}
        delivery = session.scalars(select(rows.Delivery)).one()
        assert delivery.letter is not None
        assert (delivery.kind, delivery.channel, delivery.provider) == ("digest", "mail", "example.org")
        assert delivery.letter.content == {
            "subject": "要点", "text": "新发布 1\n", "html": "", "short": "新发布 1\n", "data": None,
        }  # fmt: skip
    with database.write() as session:
        digest = rows.Digest(
            subscription_id=1, created_at=session.scalars(select(rows.Change.detected_at)).one()
        )
        session.add(digest)
        session.flush()
        assert digest.id == 2
    database.close()


FIRST_TABLES = {
    line.split()[2]
    for line in FIRST_ROWS.read_text(encoding="utf-8").splitlines()
    if line.startswith("insert into")
}


def test_mailboxes_addresses_and_filters_of_an_older_version_are_those_of_today(bare_url: str) -> None:
    database = Database(bare_url)
    database.make_tables("0020")
    with database.write() as session:
        for number, address in enumerate(("A.B+x@googlemail.com", "a@example.org.", "=?utf-8?q?x?=@b.co"), 1):
            at = {"n": number, "a": address, "m": address, "p": address.rpartition("@")[2]}
            session.execute(
                text(
                    "insert into subscriptions (id, address, mailbox, filter, rhythm, language, state, created_at) values "
                    "(:n, :a, :m, :f, '{}', 'zh', 'active', '2026-01-01 00:00:00')"
                ),
                at | {"f": json.dumps({"kinds": ["a\x01b"], "publishers": ["教育厅"], "types": ["new"]})},
            )
            session.execute(
                text(
                    "insert into deliveries (id, kind, address, mailbox, channel, provider, message_id, state, attempts, "
                    "refusals, created_at, due_at) values "
                    "(:n, 'digest', :a, :m, 'mail', :p, :a, 'waiting', 0, 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
                ),
                at,
            )
    database.close()
    database = Database(bare_url)
    database.upgrade()
    with database.read() as session:
        kept = list(session.scalars(select(rows.Subscription).order_by(rows.Subscription.id)))
        assert [one.address for one in kept] == [
            "A.B+x@googlemail.com",
            "a@example.org",
            "=?utf-8?q?x?=@b.co",
        ]
        assert [one.mailbox for one in kept] == [mailbox(one.address) for one in kept]
        assert kept[0].mailbox == "ab@gmail.com"
        wanted = Filter.model_validate(kept[0].filter)
        assert (wanted.kinds, wanted.publishers, wanted.types) == (("a\ufffdb",), ("教育厅",), ("new",))
        waiting = list(session.scalars(select(rows.Delivery).order_by(rows.Delivery.id)))
        assert [(one.address, one.mailbox, one.provider) for one in waiting[:2]] == [
            ("A.B+x@googlemail.com", "ab@gmail.com", "googlemail.com"),
            ("a@example.org", "a@example.org", "example.org"),
        ]
    database.close()


@pytest.mark.parametrize(
    "end", ["os.kill(os.getpid(), signal.SIGKILL)", "raise RuntimeError('a bad revision')"]
)
def test_an_upgrade_that_is_cut_leaves_the_database_as_it_was(old: str, tmp_path: Path, end: str) -> None:
    newest = module.newest_revision()
    cut = tmp_path / "migrations"
    shutil.copytree(module.MIGRATIONS, cut)
    revision = CUT.format(number=f"{int(newest) + 1:04}", before=newest, end=end)
    (cut / "versions" / f"{int(newest) + 1:04}_cut.py").write_text(revision, encoding="utf-8")
    upgraded = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(cut), old],
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert upgraded.returncode != 0
    database = Database(old)
    with database.engine.connect() as connection:
        assert connection.scalar(text("select version_num from alembic_version")) == "0001"
        assert not inspect(connection).has_table("half")
        assert connection.scalar(text("select title from plans")) == PAGE.title
    database.upgrade()
    database.check()
    database.close()


def test_several_that_initialise_at_once_make_the_tables_once(bare_url: str) -> None:
    upgrade = [sys.executable, "-c", UPGRADE, str(module.MIGRATIONS), bare_url]
    started = [subprocess.Popen(upgrade, env=clean_environment()) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    database = Database(bare_url)
    database.check()
    database.close()


PLAIN = (
    "webhook+https://example.org/hook?key=1",
    "webhook+http://127.0.0.1:8080/x",
    "webhook+https://[2001:db8::1]/x",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "dingtalk://SECabc@abcdefgh",
    "json://127.0.0.1:8080/x",
    "reader@example.org",
)
WITH_OPTIONS = (
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd",
    "discord://1/a?avatar_url=http://127.0.0.1/",
    "wecombot://KEYabc?verify=no",
    "feishu://KEYabc/x",
    "json://127.0.0.1/x?template=/etc/passwd",
    "webhook+https://a..b.example/h",
    "webhook+https://.example/h",
    f"webhook+https://{'a' * 64}.example/h",
    "webhook+https://user@example.org/h",
    "webhook+https://example.org/h#x",
)


def test_subscriptions_whose_addresses_have_options_are_paused(bare_url: str) -> None:
    database = Database(bare_url)
    database.make_tables("0020")
    with database.write() as session:
        for number, address in enumerate(PLAIN + WITH_OPTIONS, 1):
            session.execute(
                text(
                    "insert into subscriptions (id, address, mailbox, filter, rhythm, language, state, created_at)"
                    " values (:n, :a, :a, '{}', '{}', 'zh', 'active', '2026-01-01 00:00:00')"
                ),
                {"n": number, "a": address},
            )
            for kind in ("digest", "known"):
                session.execute(
                    text(
                        "insert into deliveries (kind, subscription_id, address, mailbox, channel, provider, message_id,"
                        " state, attempts, created_at, due_at) values (:k, :n, :a, :a, 'apprise', 'x', :m, 'waiting', 0,"
                        " '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
                    ),
                    {"k": kind, "n": number, "a": address, "m": f"{kind}{number}"},
                )
    database.upgrade()
    with database.read() as session:
        paused = select(rows.Subscription).where(rows.Subscription.state == "paused")
        found = session.scalars(paused).all()
        assert {one.address for one in found} == set(WITH_OPTIONS)
        assert all("options" in (one.reason or "") for one in found)
        dropped = session.execute(
            select(rows.Delivery.address, rows.Delivery.kind).where(rows.Delivery.state == "dropped")
        ).all()
        assert {tuple(row) for row in dropped} == {(address, "known") for address in WITH_OPTIONS}
    database.close()
