"""Where a line's link leads, and which page follows: relative addresses, scripts, numbered pages."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from store.identity import is_web_address

_SCRIPT = re.compile(
    r"\s*(?:java?script\s*:|(?:return\s+)?[\w.$]+\s*\(|(?:window|location|document|self|top)\.)", re.I
)
_QUOTED = re.compile(r"""(['"])([^'"\s]{1,2000})\1""")
_ADDRESS = re.compile(
    r"https?://|/|\.{1,2}/|[^()<>]*\.(?:s?html?|jspx?|aspx?|php|do|pdf|docx?|xlsx?|wps|ofd)(?:[?#]|$)", re.I
)
_PAGE_NUMBER = re.compile(r"\{n(?:\*(\d{1,4}))?(?:([+-])(\d{1,5}))?\}")


def absolute(base: str, link: str) -> str | None:
    """The web address that a link means, also one that a script opens; None where it leads nowhere."""
    link = link.strip()
    if _SCRIPT.match(link):
        link = scripted(link) or ""
    if not link or link.startswith("#"):
        return None
    try:
        url = urljoin(base, link)
    except ValueError:
        return None
    return url if is_web_address(url) else None


def scripted(code: str) -> str | None:
    """The address in javascript:open('x.html') or in an onclick: the first quoted text that looks like one."""
    return next((m[2] for m in _QUOTED.finditer(code[:5000]) if _ADDRESS.match(m[2])), None)


def counts(pattern: str) -> bool:
    """Whether a `pages` pattern says where the page's number stands."""
    return _PAGE_NUMBER.search(pattern) is not None


def numbered(pattern: str, number: int) -> str:
    """A pattern's address for a page: {n} is its number, {n-1} one less, {n*20-19} the first of its 20 rows."""

    def value(match: re.Match[str]) -> str:
        count = number * int(match[1] or 1)
        step = int(match[3] or 0)
        return str(count - step if match[2] == "-" else count + step)

    return _PAGE_NUMBER.sub(value, pattern)


def page(url: str, pattern: str, number: int) -> str | None:
    """The address of a listing's page; None where it is the page itself."""
    following = urljoin(url, numbered(pattern, number))
    return following if following != url and is_web_address(following) else None


def same_site(one: str, other: str) -> bool:
    return (urlsplit(one).hostname or "").removeprefix("www.") == (
        urlsplit(other).hostname or ""
    ).removeprefix("www.")
