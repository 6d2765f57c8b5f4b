"""While another process crawls a source or asks its host, the service starts no child for it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import cast

import pytest

from crawler.sources import catalogue
from demo.web import DemoWeb
from scheduler.embedded import Embedded
from scheduler.service import Terms
from scheduler.work import Limits, Runner
from store.database import Database
from store.locks import Claims, claim_of_host, held

NOW = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)


class Free:
    """A runner that has room for any number of children; none is begun here."""

    free = 100


@pytest.fixture
def service(database: Database, watched: DemoWeb, data: Path) -> Embedded:
    folders = (data / "sources",)
    terms = Terms("Asia/Shanghai", folders, lambda: catalogue.load(*folders), Limits(60, 1 << 30), 100)
    made = Embedded(database, cast(Runner, Free()), lambda: terms, lambda: NOW)
    made.refresh()
    return made


def claimed(service: Embedded) -> set[str]:
    return {source for batch in service.claim() for source in batch}


def test_a_source_that_is_crawled_by_hand_is_left_alone_until_it_is_free(
    service: Embedded, database: Database
) -> None:
    with Claims(database) as by_hand:
        assert by_hand.take("demo-longyuan")
        assert claimed(service) == set(service.sources) - {"demo-longyuan"}
        assert claimed(service) == set()
    assert claimed(service) == {"demo-longyuan"}


def test_a_host_that_is_asked_by_hand_is_left_alone_until_it_is_free(
    service: Embedded, database: Database, watched: DemoWeb
) -> None:
    host = watched.url("longyuan", "/").removeprefix("http://").partition("/")[0]
    with Claims(database) as by_hand:
        assert by_hand.take(claim_of_host(host))
        assert "demo-longyuan" not in claimed(service)
    assert "demo-longyuan" in claimed(service)


def test_who_only_asks_takes_nothing(database: Database) -> None:
    with Claims(database) as first, Claims(database) as second:
        assert held(database, ["a", "b"]) == set()
        assert first.take("a")
        assert held(database, ["a", "b"]) == {"a"}
        assert not second.take("a")
        first.release("a")
        assert held(database, ["a", "b"]) == set()
        assert second.take("a")
