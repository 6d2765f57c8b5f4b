"""A database at the first schema revision (0001) with a row in every table, for tests of upgrades."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import TextClause, text

from store.columns import PackedJson
from store.database import Database
from store.flow import Difference, Metadata, Page
from store.shapes import difference_to_json, page_to_json

ROWS = Path(__file__).parent.parent / "tests" / "examples" / "revisions" / "0001.sql"
PAGE = Page("https://www.example.org/1.html", "沙洲县2026年教育工作要点", "一、总体要求", Metadata(), (), ())
MESSAGE = (
    "Subject: =?utf-8?b?6KaB54K5?=\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\n新发布 1\r\n"
)


def fill_first(url: str) -> None:
    """Make the tables of revision 0001 in an empty database, with the rows of the example."""
    database = Database(url)
    database.make_tables("0001")
    dialect = database.engine.dialect
    packed = {
        "page": PackedJson().process_bind_param(page_to_json(PAGE), dialect),
        "difference": PackedJson().process_bind_param(difference_to_json(Difference()), dialect),
        "message": MESSAGE.encode(),
    }
    with database.write() as session:
        if dialect.name == "postgresql":
            session.execute(text("set time zone 'UTC'"))
        for statement in ROWS.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                needed = {name: value for name, value in packed.items() if f":{name}" in statement}
                # A colon before a word stands for a value; those of times and JSON have none of ours after them.
                session.connection().execute(_bound(statement, needed), needed)
    database.close()


def _bound(statement: str, needed: dict[str, bytes | None]) -> TextClause:
    for name in needed:
        statement = statement.replace(f":{name}", f"\0{name}")
    return text(statement.replace(":", "\\:").replace("\0", ":"))
