"""The tables: made by migrations alone, equal to the models, and told plainly when they can't be used."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from conftest import PROGRAM, Kept, clean_environment
from sqlalchemy import String, inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.schema import CreateColumn

from bench.postgresql import Server
from store import models as rows
from store import queries
from store.database import Database, masked
from store.errors import OperatorError
from store.locks import Claims
from store.models import Base
from store.search.words import TABLE

NOW = dt.datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def source(name: str) -> rows.Source:
    return rows.Source(id=name, name=name, publisher="某县教育局", region="620000", kind="official")


def _is_modelled(name: str | None, kind: str, _: object) -> bool:
    """The words of the search index are a table of each database's own kind (`store.search.words`)."""
    return kind != "table" or name is None or not name.startswith(TABLE)


def test_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_modelled})
        assert compare_metadata(context, Base.metadata) == []
    database.check()


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    database.upgrade()
    database.check()


def test_tables_of_another_version_are_not_touched(database: Database) -> None:
    def numbered(number: str) -> None:
        with database.write() as session:
            session.execute(text(f"update alembic_version set version_num = '{number}'"))

    numbered("9999")
    for use in (database.check, database.upgrade):
        with pytest.raises(OperatorError, match="made by a newer Yaodian; install that one"):
            use()
    numbered("0000")
    with pytest.raises(OperatorError, match="made by an older Yaodian; run: yaodian init"):
        database.check()


def test_a_database_without_tables_names_the_remedy(bare_url: str) -> None:
    database = Database(bare_url)
    with pytest.raises(OperatorError, match="holds no Yaodian tables; run: yaodian init"):
        database.check()
    database.close()


# ── what both keep and order alike ──


def test_text_is_ordered_by_code_point(database: Database) -> None:
    """A server's language would put a before B, and pass over the hyphen; SQLite never does."""
    names = ["B", "a", "a-b", "aa", "a_c", "É", "教育", "县"]
    with database.write() as session:
        session.add_all(source(name) for name in names)
    with database.read() as session:
        assert list(session.scalars(select(rows.Source.id).order_by(rows.Source.id))) == sorted(names)


def test_every_text_of_postgresql_is_ordered_by_code_point(bare_url: str) -> None:
    """A new column of text needs `collation="C"` in its revision; autogenerate writes it."""
    database = Database(bare_url)
    database.upgrade()
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                for column in inspect(connection).get_columns(table.name):
                    if isinstance(column["type"], String):
                        assert column["type"].collation == "C", (table.name, column["name"])
    else:
        columns = (column for table in Base.metadata.sorted_tables for column in table.columns)
        assert not any(
            "COLLATE" in str(CreateColumn(c).compile(dialect=database.engine.dialect)) for c in columns
        )
    database.close()


def test_plans_without_region_or_period_come_last(database: Database) -> None:
    with database.write() as session:
        session.add_all(
            rows.Plan(id=name, title=name, region=region, period_start=start, publisher="ABC 教育局")
            for name, region, start in (
                ("p1", None, 2026),
                ("p2", "620000", None),
                ("p3", "620000", 2025),
                ("p4", "620000", 2026),
                ("p5", "110000", 2020),
            )
        )
    with database.read() as session:
        assert [plan.id for plan in queries.plans(session)] == ["p5", "p4", "p3", "p2", "p1"]
        assert len(list(queries.plans(session, publisher="abc"))) == 5
        assert not list(queries.plans(session, publisher="_"))


def test_what_is_written_is_read_alike(database: Database) -> None:
    """Moments with their microseconds and in UTC, text that no UTF-8 can hold, the ends of 64 bits."""
    with database.write() as session:
        one = source("one")
        one.name, one.next_due_at = "x\x00y\ud800z", NOW
        session.add(one)
        session.flush()
        session.add(
            rows.Document(id="d", source_id="one", url="u", listed_title="", found_at=NOW, state="found")
        )
        session.flush()
        session.add_all(rows.Fingerprint(hash=n, document_id="d") for n in (-(2**63), 0, 2**63 - 1))
        change = rows.Change(document_id="d", type="new", detected_at=NOW, difference={"x": "\x00\ud800"})
        session.add(change)
    with database.read() as session:
        one = session.get_one(rows.Source, "one")
        assert (one.name, one.next_due_at) == ("x�y�z", NOW)
        assert one.next_due_at is not None
        assert one.next_due_at.utcoffset() == dt.timedelta()
        kept = session.scalars(select(rows.Fingerprint.hash).order_by(rows.Fingerprint.hash))
        assert list(kept) == [-(2**63), 0, 2**63 - 1]
        assert session.scalars(select(rows.Change)).one().difference == {"x": "\x00\ud800"}


def test_a_write_is_whole_or_not_at_all(database: Database) -> None:
    for wrong, error in (("insert into no_such_table values (1)", DatabaseError), ("", IntegrityError)):
        with pytest.raises(error), database.write() as session:
            session.add(rows.Plan(id="p1", title="x"))
            session.flush()
            session.execute(text(wrong or "insert into plans (id, title) values ('p1', 'y')"))
    with database.read() as session:
        assert session.scalar(text("select count(*) from plans")) == 0


def test_a_read_sees_one_moment(database: Database) -> None:
    count = text("select count(*) from sources")
    with database.read() as session:
        assert session.scalar(count) == 0
        with database.write() as other:
            other.add(source("late"))
        assert session.scalar(count) == 0


def test_a_claim_is_one_processs_until_it_is_released_or_ends(database: Database) -> None:
    other = Database(database.url)
    with Claims(other) as theirs:
        with Claims(database) as ours:
            assert ours.take("one")
            assert ours.take("two")
            assert not theirs.take("one")
            ours.release("one")
            assert theirs.take("one")
            assert not theirs.take("two")
        assert theirs.take("two")
    other.close()


# ── what the operator has to mend ──


@pytest.mark.one_database
def test_what_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("these are my notes, not a database; " * 20, encoding="utf-8")
    with pytest.raises(OperatorError, match=r"notes\.db.*not a database; restore it from a backup"):
        Database(f"sqlite:///{tmp_path / 'notes.db'}").check()
    with pytest.raises(OperatorError, match="unable to open database file; see that its folder is there"):
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'a.db'}").check()
    for wrong in ("mysterious://here", "mysql://localhost/x", "postgresql://localhost:x/y", "yaodian.db"):
        with pytest.raises(OperatorError, match=r"YAODIAN_DATABASE_URL: .*; write sqlite:///"):
            Database(wrong)


def test_a_password_is_never_shown() -> None:
    shown = masked("postgresql+psycopg://yaodian:secret@db/yaodian")
    assert shown == "postgresql+psycopg://yaodian:***@db/yaodian"
    assert "secret" not in masked("postgres:///yaodian?user=yaodian&password=secret&sslpassword=secret")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_is_psycopgs(server: Server, scheme: str) -> None:
    database = Database(server.url("postgres").replace("postgresql", scheme, 1))
    with database.engine.connect() as connection:
        assert connection.dialect.driver == "psycopg"
    database.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("{free}", r"[Rr]efused; start PostgreSQL there, or mend host and port"),
        ("postgresql://a:secret@nowhere.invalid/x", "; mend the host in YAODIAN_DATABASE_URL"),
        ("postgresql:///x?host=/nowhere", "; start PostgreSQL there, or mend host and port"),
        ("postgresql://locked:secret@/postgres?host={folder}", "; mend user and password in"),
        (
            "postgresql://yaodian:secret@/absent?host={folder}",
            "; make it, owned by the role that Yaodian uses",
        ),
        ("postgresql://nobody:secret@/postgres?host={folder}", "; make it: createuser --pwprompt NAME"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_line_with_the_remedy(
    server: Server, url: str, told: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"postgresql://a:secret@127.0.0.1:{free.getsockname()[1]}/x"
        database = Database(url.format(free=closed, folder=server.folder))
        with pytest.raises(OperatorError, match=told) as refused:
            database.check()
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_role_that_may_not_make_tables_and_another_encoding_are_told(server: Server) -> None:
    mine = server.create()
    database = Database(mine.replace("yaodian@", "weak@"))
    with pytest.raises(OperatorError, match="permission denied for schema public; let the role own"):
        database.upgrade()
    server.drop(mine)
    server.execute("create database latin encoding latin1 locale_provider libc locale 'C' template template0")
    with pytest.raises(OperatorError, match="is encoded in LATIN1; make it anew: createdb -E UTF8"):
        Database(server.url("latin")).upgrade()


def test_a_database_that_is_not_to_be_written_is_told(database: Database, data: Path, tmp_path: Path) -> None:
    if database.engine.dialect.name == "postgresql":
        with database.write() as session:
            session.execute(text("alter database " + str(database.engine.url.database) + " set default_transaction_read_only = on"))  # fmt: skip
        database.close()
        told = "read-only transaction; name the primary server"
    else:
        database.close()
        database = Database(f"sqlite:///file:{data / 'yaodian.db'}?mode=ro&uri=true")
        told = "readonly database; make the file and its folder writable"
    with pytest.raises(OperatorError, match=told), database.write() as session:
        session.add(source("one"))
    database.close()


@pytest.fixture
def tiny(server_or_none: Server | None, tmp_path: Path) -> Iterator[Path]:
    """A file system of 900 KB, which the server may write."""
    folder = (server_or_none.folder if server_or_none else tmp_path) / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs takes root")
    if server_or_none:
        shutil.chown(folder, server_or_none.folder.owner())
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def cramped(tiny: Path, server_or_none: Server | None, kept: Kept) -> Iterator[Database]:
    """A database with little room: on PostgreSQL one table of it lies on the small disk."""
    if server_or_none is None:
        database = Database(f"sqlite:///{tiny / 'yaodian.db'}")
        database.upgrade()
        yield database
        database.close()
        return
    database = Database(kept.url)
    server_or_none.execute(f"create tablespace tiny location '{tiny}'")
    with database.write() as session:
        session.execute(text("alter table sources set tablespace tiny"))
    yield database
    with database.write() as session:
        session.execute(text("alter table sources set tablespace pg_default"))
    database.close()
    server_or_none.execute("drop tablespace tiny")


def test_a_full_disk_is_told_and_nothing_is_half_written(cramped: Database) -> None:
    with (
        pytest.raises(OperatorError, match="; free some space on the database"),
        cramped.write() as session,
    ):
        session.add_all(source(f"{number:08}" * 40) for number in range(4000))
    with cramped.read() as session:
        assert session.scalar(text("select count(*) from sources")) == 0


def test_the_command_line_says_it_in_one_line(tmp_path: Path, server: Server) -> None:
    answer = subprocess.run(
        [*PROGRAM, "--data", str(tmp_path), "plans"],
        env=clean_environment()
        | {"YAODIAN_DATABASE_URL": f"postgres://locked:wrong@/x?host={server.folder}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("yaodian: database postgres://locked:***@/x?host=")
    assert answer.stderr.count("\n") == 1
