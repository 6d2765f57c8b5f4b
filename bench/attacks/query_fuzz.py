"""Every parameter of every GET of pages, feeds and the API with hostile values: an answer or a 4xx, never a 5xx."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from urllib.parse import quote

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from bench.attacks import Attempt, Ground
from bench.in_process import browser, fill, opened
from web import api, pages, protocols

TITLE = "hostile parameters of GET requests"
BOTH_DATABASES = True

# As they are in the address, percent-encoded where a client would have to.
VALUES = (
    "", "%20", "%00", "a%00b", "%1b", "%0d%0aSet-Cookie:%20a=b", "%ff", "%c0%af", "%ed%a0%80", "%ef%bf%bf", "%f4%90%80%80", "%e2%80%ae",
    "%ef%bb%bf", "%f0%9f%80%84", "%", "%zz", "%u0041", "'", "%22", "'%20OR%20'1'='1", "1;drop%20table%20documents--", "%25%25", "_",
    "1)%20union%20select%20*%20from%20tokens--", "\\", "%22%22%22", "a%22OR%22b", "NEAR(", "NEAR(a%20b,%20999999999999)", "a*", "*", "^a", "a:b",
    "title:", "{a}", "(", ")", "((((((((((((", "-", "--", "-a", "AND", "OR", "NOT", "a%20AND", "NOT%20NOT%20a", "%22a", "a%20OR", "(a%20OR%20b", "{{7*7}}",
    "${7*7}", "{%25%20print(1)%20%25}", "{{%27%27.__class__.__mro__}}", "#{1}", "<%25=1%25>", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f", "..%5c..%5c", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "//evil.test", "javascript:alert(1)", "%3Cscript%3E",
    "0", "-1", "1e9", "1.5", "NaN", "Infinity", "9223372036854775807", "9223372036854775808", "99999999999999999999999", "0x10", "１２", "²", "00000000000001",
    "2147483648", "-2147483649", "true", "null", "[]", "{}", "[[[[", "%5B%5D", "0000-00-00", "9999-12-31", "0001-01-01", "9999-W52", "9999-W01", "0001-W01", "0000-W01", "2026-W54", "10000-01-01", "2026-02-30", "2026-11-25T25:00:00",
    "2026-11-25T00:00:00%2B99:99", "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "n0", "zzz", "W1tb", "bnVsbA", "W10", "e30", "WyJhIiwxXQ", "LTE",
    "eyJhIjoxfQ==", "MTAwMDAwMDAwMDAwMDAwMDAwMDAwMDA", "%E6%95%99%E8%82%B2", "%E6%95%99" * 300, "a" * 5000, "(" * 2000, "%22" * 2000, "a%20" * 1500,
    "a%20OR%20" * 500 + "a", "-" * 3000, "zh-Hans", "en%00", "new", "paaaaaaaaaaaa", "daaaaaaaaaaaa", "620000", "999999", "plan%F0%9F%92%A9", "%cc%81" * 200,
)  # fmt: skip
IN_SHORT = 260


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Try one parameter at a time; the short form takes a sample with a fixed seed."""
    with opened(ground) as served:
        fill(served, ["第一", "第二"])
        visitor = browser(served.start())
        addresses = list(_addresses())
        if ground.is_short:
            addresses = random.Random(18).sample(addresses, IN_SHORT)
        for address in addresses:
            began = time.perf_counter()
            answer = visitor.get(address)
            took = time.perf_counter() - began
            breach = f"answered {answer.status_code}" if answer.status_code >= 500 else ""
            if "Set-Cookie" in answer.headers and "lang=" not in address:
                breach = "sets a cookie"
            yield Attempt(f"GET {address[:120]}", breach or (f"took {took:.1f} s" if took > 10 else ""))


def _addresses() -> Iterator[str]:
    for route in _routes():
        path = route.path
        asked = list(_dependants(route.dependant))
        queries = [parameter for one in asked for parameter in one.query_params]
        for parameter in (parameter for one in asked for parameter in one.path_params):
            for value in VALUES:
                own = "{" + parameter.alias + (":path}" if ":path}" in path else "}")
                yield path.replace(own, value.replace("/", "%2F") or "%20").replace("{", "").replace("}", "")
        filled = path.replace(":path", "").replace("{", "").replace("}", "")
        wanted = [p.alias for p in queries if p.field_info.is_required()]
        for name in [p.alias for p in queries] + ["lang", "unknown[]"]:
            for value in VALUES:
                others = "".join(f"&{quote(one)}=a" for one in wanted if one != name)
                yield f"{filled}?{name}={value}{others}"


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    """Yield an endpoint and all its dependencies, each of which may read parameters."""
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _routes() -> list[APIRoute]:
    modules = [
        import_module(f"{room.__name__}.{found.name}")
        for room in (api, pages, protocols)
        for found in iter_modules(room.__path__)
    ]
    routes = [route for module in modules if hasattr(module, "router") for route in module.router.routes]
    return [route for route in routes if isinstance(route, APIRoute) and "GET" in route.methods]
