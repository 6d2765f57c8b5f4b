"""What went wrong in a crawl is told so that it can be read: the same of many attachments once."""

from __future__ import annotations

import datetime as dt

from crawler.problems import Problem, tell_problems
from store import models as rows
from store import places
from store.database import Database

NOW = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)


def test_the_same_problem_of_many_attachments_is_one_line_with_their_number() -> None:
    problems = [
        Problem("blocked", "http://e.org/1", "it asks for a script"),
        *(Problem("attachment", f"http://e.org/{n}.pdf", "the site answers 503") for n in range(30)),
        Problem("blocked", "http://e.org/2", "it asks for a script"),
        Problem("attachment", "http://e.org/x.doc", "no answer"),
    ]
    assert tell_problems("s", problems) == (
        "s: http://e.org/1: blocked: it asks for a script",
        "s: http://e.org/0.pdf: attachment: the site answers 503 (and 29 more attachments)",
        "s: http://e.org/2: blocked: it asks for a script",
        "s: http://e.org/x.doc: attachment: no answer",
    )


def test_the_signs_of_a_source_show_it_once_for_each_crawl(database: Database) -> None:
    def add(hours: int, sign: str, number: int, says: str) -> None:
        at = NOW + dt.timedelta(hours=hours, seconds=number)
        session.add(
            rows.HealthEvent(source_id="s", at=at, sign=sign, url=f"http://e.org/{number}", detail=says)
        )

    with database.write() as session:
        session.add(rows.Source(id="s", name="s", publisher="s", region="000000", kind="official"))
        session.flush()
        for hours in (0, 6):
            for number in range(40):
                add(hours, "attachment", number, ("503", "404")[number % 4 == 3])
                session.flush()
        add(6, "blocked", 50, "503")
    with database.read() as session:
        told = [(one.event.sign, one.event.detail, one.others) for one in places.signs(session, "s")]
    assert told == [
        ("blocked", "503", 0),
        ("attachment", "404", 9),
        ("attachment", "503", 29),
        ("attachment", "404", 9),
        ("attachment", "503", 29),
    ]
