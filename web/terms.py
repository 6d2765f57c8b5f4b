"""What the web room stands on; handed over by the program, since settings are the program's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request

from notify.post import Post
from store.archive import Archive
from store.database import Database


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """`data` is the data directory, `timezone` the one in which days are told, `post` sends letters, reads the links in
    them, and knows the address under which readers reach the pages. `secret` signs the cookies of operators.
    `program` is how Yaodian itself is called on this data directory, for what has to fetch from the web.
    `requests_per_minute` is what programs of one address get of the API; 0 sets no bound."""

    database: Database
    data: Path
    archive: Archive
    timezone: str
    post: Post
    secret: str
    program: tuple[str, ...] = ()
    requests_per_minute: int = 300
    clock: Callable[[], dt.datetime] = _now


def terms_of(request: Request) -> Terms:
    return cast(Terms, request.app.state.terms)


Given = Annotated[Terms, Depends(terms_of)]
"""What an endpoint asks for to reach the store."""
