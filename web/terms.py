"""What the web room stands on; handed over by the program, since settings are the program's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request

from notify.post import Post
from notify.request_limits import RequestLimits
from store.archive import Archive
from store.database import Database


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """`data` is the data directory, `timezone` the one in which days are told, `post` sends letters, reads the links in
    them, and knows the address under which readers reach the pages. `secret` signs the cookies of operators.
    `program` is how Yaodian itself is called on this data directory, for what has to fetch from the web.
    `requests_per_minute` is what programs of one address get of the API; 0 sets no bound. `allowed_hosts` are names under
    which the pages are reached beside the public one, `trusted_proxies` whose word on the client's address is believed.
    With `metrics_are_elsewhere` the pages' port has no /metrics; with `metrics_token` it asks for that.
    `public_channels` are the channels, beside mail, that anybody may subscribe an address of; `request_limits` how often."""

    database: Database
    data: Path
    archive: Archive
    timezone: str
    post: Post
    secret: str
    program: tuple[str, ...] = ()
    requests_per_minute: int = 300
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = ""
    metrics_are_elsewhere: bool = False
    public_channels: tuple[str, ...] = ()
    request_limits: RequestLimits = field(default_factory=RequestLimits)
    clock: Callable[[], dt.datetime] = _now


def terms_of(request: Request) -> Terms:
    return cast(Terms, request.app.state.terms)


async def _given(request: Request) -> Terms:
    """Return the terms of the request's application.

    A coroutine, so that it runs in the event loop: a plain function as a dependency takes one of the few threads.
    """
    return terms_of(request)


Given = Annotated[Terms, Depends(_given)]
"""What an endpoint asks for to reach the store."""
