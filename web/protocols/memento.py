"""Memento (RFC 7089): what an address said at a time. /timegate/URL chooses, /timemap/link/URL lists, /memento/TIME/URL
shows the archived bytes, under a policy that lets nothing in them run or call elsewhere."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from store import queries
from store.errors import UsageError, WrongUse
from store.mementos import Memento, nearest, of_address
from web.hosts import public_root
from web.originals import HEADERS
from web.rates import Limited
from web.terms import Given, Terms

router = APIRouter(dependencies=[Limited])

STAMP = "%Y%m%d%H%M%S"
LONGEST = 2083
_SCHEME = re.compile(r"(https?):/{1,2}(?=[^/])", re.IGNORECASE)
# What a browser shows without asking anything of the page's; all else is handed over as a file.
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")


@router.get("/timegate/{url:path}")
def timegate(request: Request, terms: Given, url: str) -> Response:
    """To the capture that is nearest to `Accept-Datetime`; without one, to the newest."""
    url = _address(request, url)
    known = _known(terms, url)
    wanted = request.headers.get("Accept-Datetime")
    chosen = nearest(known, _moment(wanted)) if wanted else known[-1]
    return Response(
        status_code=302,
        headers={"Location": _uri(request, chosen, url), "Vary": "accept-datetime"}
        | _links(request, url, known, None),
    )


@router.get("/timemap/link/{url:path}")
def timemap(request: Request, terms: Given, url: str) -> Response:
    """All captures of an address, in the form of RFC 6690."""
    url = _address(request, url)
    known = _known(terms, url)
    lines = [
        f'<{_quoted(url)}>; rel="original"',
        f'<{public_root(request)}/timemap/link/{_quoted(url)}>; rel="self"; type="application/link-format"; '
        f'from="{_http(known[0].at)}"; until="{_http(known[-1].at)}"',
        f'<{public_root(request)}/timegate/{_quoted(url)}>; rel="timegate"',
        *(
            f'<{_uri(request, one, url)}>; rel="{_relation(known, one)}"; datetime="{_http(one.at)}"'
            for one in known
        ),
    ]
    return Response(",\n".join(lines) + "\n", media_type="application/link-format")


@router.get("/memento/{stamp}/{url:path}")
def memento(request: Request, terms: Given, stamp: str, url: str) -> Response:
    """The bytes of one capture; another time leads to the nearest one."""
    url = _address(request, url)
    try:
        at = dt.datetime.strptime(stamp, STAMP).replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise WrongUse(f"{stamp[:20]!r} is no time; write 14 digits, such as 20260301080000") from error
    known = _known(terms, url)
    chosen = nearest(known, at)
    if chosen.at.replace(microsecond=0) != at:
        return Response(status_code=302, headers={"Location": _uri(request, chosen, url)})
    with terms.database.read() as session:
        place = queries.body_place(session, chosen.capture)
    assert place is not None
    capture = terms.archive.read(place)
    media = (capture.header("Content-Type") or "text/html").strip()
    headers = HEADERS | {"Memento-Datetime": _http(chosen.at)} | _links(request, url, known, chosen)
    if media.split(";")[0].strip().lower() not in _PAGES or not media.isascii() or not media.isprintable():
        headers["Content-Disposition"] = "attachment"
        media = "application/octet-stream"
    return Response(capture.body, headers=headers | {"Content-Type": media})


def _address(request: Request, path: str) -> str:
    """The address that stands at the end of ours, with its query. Raises WrongUse."""
    url = path + (f"?{request.url.query}" if request.url.query else "")
    url, found = _SCHEME.subn(lambda told: f"{told[1].lower()}://", url, count=1)
    if not found or not _SCHEME.match(url) or len(url) > LONGEST:
        raise WrongUse(f"{url[:80]!r} is no address of the web; write https://… or http://…")
    return url


def _known(terms: Terms, url: str) -> list[Memento]:
    with terms.database.read() as session:
        found = of_address(session, url)
    if not found:
        raise UsageError(f"the archive has nothing of {url[:200]}")
    return found


def _moment(text: str) -> dt.datetime:
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError) as error:
        raise WrongUse(
            f"Accept-Datetime {text[:60]!r}: write such as Thu, 31 May 2026 20:35:00 GMT"
        ) from error


def _links(request: Request, url: str, known: Sequence[Memento], shown: Memento | None) -> dict[str, str]:
    root = public_root(request)
    links = [
        f'<{_quoted(url)}>; rel="original"',
        f'<{root}/timegate/{_quoted(url)}>; rel="timegate"',
        f'<{root}/timemap/link/{_quoted(url)}>; rel="timemap"; type="application/link-format"',
    ]
    around = {id(known[0]): known[0], id(known[-1]): known[-1]}
    if shown is not None:
        place = known.index(shown)
        around |= {id(one): one for one in known[max(0, place - 1) : place + 2]}
    links += [
        f'<{_uri(request, one, url)}>; rel="{_relation(known, one, shown)}"; datetime="{_http(one.at)}"'
        for one in sorted(around.values(), key=lambda one: one.at)
    ]
    return {"Link": ", ".join(links)}


def _relation(known: Sequence[Memento], one: Memento, shown: Memento | None = None) -> str:
    said = [name for name, end in (("first", known[0]), ("last", known[-1])) if one is end]
    if shown is not None:
        place = known.index(shown)
        said += [
            name
            for name, other in (("prev", place - 1), ("next", place + 1))
            if 0 <= other < len(known) and known[other] is one
        ]
    return " ".join([*said, "memento"])


def _uri(request: Request, one: Memento, url: str) -> str:
    return f"{public_root(request)}/memento/{one.at:{STAMP}}/{_quoted(url)}"


def _quoted(url: str) -> str:
    """An address as it may stand in a header: nothing in it ends the line or the link."""
    return quote(url, safe="/:?#[]@!$&'()*+,;=%-._~")


def _http(moment: dt.datetime) -> str:
    return format_datetime(moment.replace(microsecond=0), usegmt=True)
