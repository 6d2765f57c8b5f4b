"""How hosts stand with us, over the crawls: what refused, and until when it is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from store import models as rows
from store.database import Database
from store.flow import Standing


class Hosts:
    """Remembers how hosts stand. With `insists` (a person asks for this crawl now) only what a host asked for itself
    holds; our own caution does not."""

    def __init__(self, database: Database, clock: Callable[[], dt.datetime], *, insists: bool) -> None:
        self.database = database
        self.clock = clock
        self.insists = insists

    def standing(self, host: str) -> Standing:
        with self.database.read() as session:
            row = session.get(rows.Host, host)
            if row is None:
                return Standing()
            holds = row.asked or not self.insists
            return Standing(row.strain, row.not_before if holds else None, row.asked, row.sign, row.because)

    def keep(self, host: str, standing: Standing) -> None:
        with self.database.write() as session:
            if standing == Standing():
                row = session.get(rows.Host, host)
                if row is not None:
                    session.delete(row)
                return
            session.merge(
                rows.Host(
                    name=host,
                    strain=standing.strain,
                    not_before=standing.not_before,
                    asked=standing.asked,
                    sign=standing.sign,
                    because=standing.because,
                )
            )
