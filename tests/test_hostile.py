"""Sites that mean harm cost a bounded time and memory, are reported, and keep no other site from being read."""

from __future__ import annotations

import resource
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import hostile
import pytest
from conftest import Run, clean_environment
from test_polite import SOURCE, Site
from test_polite import served as site_served

pytestmark = pytest.mark.one_database
LIMITS = {
    "YAODIAN_FETCH_TIMEOUT": "3",
    "YAODIAN_FETCH_MAX_BYTES": str(24 << 20),
    "YAODIAN_LISTING_MAX_PAGES": "20",
}
MOST_MEMORY = 768 << 20
"""Bytes of any process so far; the 500 000 links of 12 MB are the page that needs most."""


def test_hostile_sites_are_bounded_and_told_and_the_others_are_read(data: Path, yaodian: Run) -> None:
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(hostile.served(answer)) for name, (answer, _) in hostile.SITES.items()
        }
        urls["good"] = stack.enter_context(site_served(Site()))
        for name, url in urls.items():
            text = SOURCE.format(id=name, url=url).replace("item: li}", "item: li, next: a.next::attr(href)}")
            (data / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
        crawled = yaodian("crawl", *urls, "--full", **LIMITS)
    told = crawled.stderr.splitlines()
    for name, (_, says) in hostile.SITES.items():
        mine = [line for line in told if line.startswith(f"yaodian: {name}: ")]
        assert any(says in line for line in mine), (name, mine)
    assert crawled.stdout.count("new       good") == 12
    assert "good: done" in crawled.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MOST_MEMORY


def test_a_single_page_has_the_limits_of_the_settings(data: Path, yaodian: Run) -> None:
    """`detect` and `extract` ask for pages outside of any crawl."""
    site = Site()
    with (
        site_served(site) as url,
        hostile.served(hostile.drips) as slow,
        hostile.served(hostile.links) as many,
    ):
        large = yaodian("sources", "detect", many, YAODIAN_FETCH_MAX_BYTES=str(1 << 20))
        late = yaodian("extract", slow, YAODIAN_FETCH_TIMEOUT="1", YAODIAN_CONTACT="mailto:a@example.org")
        yaodian("extract", f"{url}1.html", YAODIAN_CONTACT="mailto:a@example.org")
    assert "larger than what is fetched" in large.stderr
    assert "no answer in time" in late.stderr
    assert "mailto:a@example.org" in site.asked[-1][1]["User-Agent"]


class Turncoat:
    """A name server on loopback that answers with this machine first, and with a cloud's metadata ever after."""

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, query: bytes) -> bytes:
        """RFC 1035 §4: one A record where A or anything is asked for, else none."""
        end = query.index(b"\0", 12) + 5
        wants_ipv4 = query[end - 4 : end - 2] in (b"\0\1", b"\0\xff")
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(wants_ipv4), 0, 0)
        if not wants_ipv4:
            return head + query[12:end]
        self.asked += 1
        address = "127.0.0.1" if self.asked == 1 else "169.254.169.254"
        return head + query[12:end] + struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address)


@contextmanager
def name_server(turncoat: Turncoat) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    query, who = server.recvfrom(512)
                except OSError:
                    return
                server.sendto(turncoat.answer(query), who)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


class Closing(Site):
    """Ends each connection, so that each request begins with a look-up."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        super().answer(handler)


CRAWL = """
import sys
from scrapy.utils.reactor import install_reactor
install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor", "uvloop.Loop")
from twisted.internet import reactor
from twisted.names.client import Resolver
reactor.installResolver(Resolver(servers=[("127.0.0.1", int(sys.argv.pop(1)))]))
from yaodian.__main__ import main
main()
"""


def test_a_name_that_changes_its_address_is_judged_at_each_connection(data: Path) -> None:
    site, turncoat = Closing(), Turncoat()
    with site_served(site) as url, name_server(turncoat) as port:
        named = url.replace("127.0.0.1", "turncoat.example")
        (data / "sources" / "one.yaml").write_text(SOURCE.format(id="one", url=named), encoding="utf-8")
        crawled = subprocess.run(
            [sys.executable, "-c", CRAWL, str(port), "--data", str(data), "crawl", "one"],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert turncoat.asked > 1, crawled.stderr
    assert [path for path, _ in site.asked] == ["/robots.txt"]
    assert "the name is not found, or stands for no public address" in crawled.stderr
