"""Our own links and redirects that could lead to another site.

Tried when signing in, after it, and wherever else an address is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

from bench.attacks import Attempt, Ground
from bench.in_process import BASE_URL, NAME, PASSWORD, browser, opened

TITLE = "open redirects"
BOTH_DATABASES = False

EVIL = "evil.test"
TARGETS = (
    f"https://{EVIL}", f"http://{EVIL}/operator", f"//{EVIL}", f"///{EVIL}", f"////{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}",
    f"\\/{EVIL}", f"/\t/{EVIL}", f"/\n/{EVIL}", f"\t//{EVIL}", f" //{EVIL}", f"https:{EVIL}", f"https:/{EVIL}", f"https:\\{EVIL}",
    f"//{EVIL}/operator", f"/operator@{EVIL}", f"/operator.{EVIL}", f"/operator/..//{EVIL}", f"/operator/../..//{EVIL}",
    f"/operator/%2e%2e//{EVIL}", f"/operator/.%2e//{EVIL}", f"/operator/..%2f/{EVIL}", f"/operator\\..\\..\\{EVIL}", f"/operator//{EVIL}",
    f"/%2f{EVIL}", f"/%5c{EVIL}", f"%2f%2f{EVIL}", f"javascript:alert('{EVIL}')", f"JaVaScRiPt:alert('{EVIL}')//operator",
    f"data:text/html,{EVIL}", f"/operator\r\nLocation: https://{EVIL}", f"/operator\r\n\r\n<a href=https://{EVIL}>",
    f"/operator?next=//{EVIL}", f"/operator#@{EVIL}", f"@{EVIL}", f"{EVIL}", f".{EVIL}", f"?//{EVIL}", f"http://testserver@{EVIL}/",
    f"http://testserver.{EVIL}/operator", f"／／{EVIL}", f"/／{EVIL}", f"。{EVIL}", f"\u2028//{EVIL}", f"\x00//{EVIL}", f"\x01https://{EVIL}",
    f"ftp://{EVIL}", f"/operator/../\\{EVIL}", f"//operator@{EVIL}", f"//{EVIL}\\@testserver/operator",
)  # fmt: skip
NAMES = ("next", "url", "redirect", "return", "returnTo", "continue", "goto", "r", "u", "target", "dest")


def attempt(ground: Ground) -> Iterator[Attempt]:
    with opened(ground) as pages:
        app = pages.start()
        for target in TARGETS[:: 5 if ground.is_short else 1]:
            form = {"name": NAME, "password": PASSWORD, "back": target}
            answer = browser(app).post("/operator/login", data=form)
            yield Attempt(f"signing in, back={target!r}", _leads(answer.headers.get("Location", "/")))
        visitor = browser(app)
        for target in TARGETS:
            shown = _backs(visitor.get("/operator/login", params={"back": target}).text)
            breach = next((breach for back in shown if (breach := _leads(back))), "")
            yield Attempt(f"the form, back={target!r}", breach)
            for path in (
                f"/{quote(target)}",
                f"/operator/{quote(target)}",
                f"/operator/{quote(target)}/..",
                f"/static/{quote(target)}",
            ):
                answer = visitor.get(BASE_URL + path)
                yield Attempt(f"on the way to {path!r}", _leads(answer.headers.get("Location", "/")))
            for page in ("/", "/operator/logout", "/plans"):
                asked = dict.fromkeys(NAMES, target)
                answer = (visitor.post if "logout" in page else visitor.get)(page, params=asked)
                yield Attempt(f"{page} {target!r}", _leads(answer.headers.get("Location", "/")))


class _Backs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "input" and given.get("name") == "back":
            self.found.append(given.get("value") or "")


def _backs(html: str) -> list[str]:
    parser = _Backs()
    parser.feed(html)
    return parser.found


def _leads(location: str) -> str:
    """Return the redirect target if a browser would leave our site, else "".

    Like a browser, read a backslash as a slash and leave out tabs, line ends and surrounding control characters.
    """
    read = location.strip("".join(map(chr, range(33)))).replace("\\", "/")
    for left_out in "\t\r\n":
        read = read.replace(left_out, "")
    place = urlsplit(urljoin(f"{BASE_URL}/operator/login", read))
    is_ours = (place.scheme, place.netloc) == ("http", "testserver")
    return "" if is_ours and "\n" not in location else f"leads to {location!r}"
