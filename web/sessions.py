"""The operator's session in a browser: a cookie with a random id, whose row in the database says whose it is."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from store import sessions
from store.errors import YaodianError
from web.hashing import hashed as hashed
from web.sign_ins import DEVICE_COOKIE, DEVICE_MAX_AGE_S, SignIns, new_device
from web.sign_ins import TooManyAttempts as TooManyAttempts
from web.terms import Given, Terms, terms_of

COOKIE = "yaodian_operator"
# Printable ASCII without a backslash, which browsers take for a slash.
_LOCAL = re.compile(r"/operator(?:[/?][!-\[\]-~]*)?")
MAX_AGE_S = int(sessions.LASTS.total_seconds())


class NotSignedIn(YaodianError):
    """The page is the operator's; `address` is where to sign in, and come back from."""

    def __init__(self, address: str) -> None:
        super().__init__("sign in first")
        self.address = address


def cookie_name(terms: Terms) -> str:
    """Return the cookie's name; behind https no other host of the domain can set one of that name (`__Host-`)."""
    return f"__Host-{COOKIE}" if _is_https(terms) else COOKIE


async def sign_in(request: Request, answer: Response, name: str, password: str) -> bool:
    """Set the cookies of a new session on the answer if the password is the operator's; return whether it is.

    The session that the browser had ends. Raises TooManyAttempts or Busy.
    """
    attempts: SignIns = request.app.state.sign_ins
    session_id = await attempts.check(request, name, password)
    if session_id is None:
        return False
    await run_in_threadpool(_end, request)
    terms = terms_of(request)
    _set_cookie(answer, terms, cookie_name(terms), session_id, MAX_AGE_S)
    _set_cookie(answer, terms, DEVICE_COOKIE, new_device(request, name), DEVICE_MAX_AGE_S)
    return True


def sign_out(request: Request, answer: Response) -> None:
    """End the session, in whatever browsers its cookie is, and remove the cookie from this one."""
    _end(request)
    terms = terms_of(request)
    answer.delete_cookie(cookie_name(terms), httponly=True, samesite="lax", secure=_is_https(terms))


def operator_of(request: Request) -> str | None:
    """Return the operator whose session this is; None once it has ended."""
    terms = terms_of(request)
    session_id = request.cookies.get(cookie_name(terms))
    if not session_id:
        return None
    with terms.database.read() as session:
        return sessions.operator_of(session, session_id, terms.clock())


def _end(request: Request) -> None:
    terms = terms_of(request)
    session_id = request.cookies.get(cookie_name(terms))
    if session_id:
        with terms.database.write() as session:
            sessions.end(session, session_id)


def _set_cookie(answer: Response, terms: Terms, name: str, value: str, max_age_s: int) -> None:
    answer.set_cookie(name, value, max_age=max_age_s, httponly=True, samesite="lax", secure=_is_https(terms))


def _is_https(terms: Terms) -> bool:
    return terms.post.base_url.startswith("https:")


def _signed_in(request: Request, terms: Given) -> str:
    name = operator_of(request)
    if name is None:
        back = request.url.path if request.method == "GET" else "/operator"
        raise NotSignedIn(f"/operator/login?back={quote(back)}")
    return name


SignedIn = Annotated[str, Depends(_signed_in)]
"""What an endpoint asks for that is the operator's alone: his name."""


def local_back(back: str) -> str:
    """Where to go after signing in: a page of the operator's, never another site's."""
    return back if _LOCAL.fullmatch(back) and ".." not in back else "/operator"
