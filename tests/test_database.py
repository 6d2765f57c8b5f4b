"""The tables: made by migrations alone, equal to the models, and told plainly when they can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from store.database import Database, masked
from store.errors import OperatorError
from store.models import Base


def test_migrations_make_what_the_models_say(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.check()


def test_upgrading_twice_changes_nothing(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    database.upgrade()
    database.check()


def test_tables_of_another_version_are_not_touched(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.write() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(OperatorError, match="made by another version of Yaodian; run: yaodian init"):
        database.check()


def test_a_database_without_tables_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="holds no Yaodian tables; run: yaodian init"):
        Database(f"sqlite:///{tmp_path / 'empty.db'}").check()


def test_what_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("these are my notes, not a database; " * 20, encoding="utf-8")
    with pytest.raises(OperatorError, match=r"notes\.db.*not a database"):
        Database(f"sqlite:///{tmp_path / 'notes.db'}").check()
    with pytest.raises(OperatorError, match="YAODIAN_DATABASE_URL"):
        Database("mysterious://here")


def test_a_password_is_never_shown() -> None:
    assert (
        masked("postgresql+psycopg://yaodian:secret@db/yaodian")
        == "postgresql+psycopg://yaodian:***@db/yaodian"
    )


def test_a_write_is_whole_or_not_at_all(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with pytest.raises(OperatorError, match="no such table"), database.write() as session:
        for table in ("plans", "no_such_table"):
            session.execute(text(f"insert into {table} (id, title) values ('p1', 'x')"))
    with database.read() as session:
        assert session.scalar(text("select count(*) from plans")) == 0
