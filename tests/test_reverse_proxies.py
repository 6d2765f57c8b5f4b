"""The reverse proxies of docs/operations.md in front of the web pages: clients, names and schemes come through as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bench import nginx, proxies, webserver
from bench.proxies import NAME, Proxy

pytestmark = pytest.mark.one_database

Writer = Callable[[Path, int, int], Sequence[str]]
SHARE = 4


@pytest.fixture(
    params=[
        pytest.param(
            proxies.write_nginx,
            id="nginx",
            marks=pytest.mark.skipif(nginx.PROGRAM is None, reason=nginx.MISSING),
        ),
        pytest.param(
            proxies.write_caddy,
            id="caddy",
            marks=pytest.mark.skipif(
                proxies.CADDY is None, reason="no caddy here; install it as root: apt-get install caddy"
            ),
        ),
    ]
)
def proxy(request: pytest.FixtureRequest, data: Path, database_url: str, tmp_path: Path) -> Iterator[Proxy]:
    write: Writer = request.param
    with (
        webserver.running(
            data,
            database_url,
            allowed_hosts=(NAME,),
            trusted_proxies=("127.0.0.1",),
            requests_per_minute=SHARE,
        ) as site,
        proxies.running(tmp_path / "proxy", site.port, write) as running,
    ):
        yield running


def test_each_client_has_its_own_share_and_forging_gives_no_second(proxy: Proxy) -> None:
    forged = [f"X-Forwarded-For: 198.51.100.{n}" for n in range(SHARE + 2)]
    statuses = [proxy.ask("/api/v1/plans", header, client="127.0.0.5")[0] for header in forged]
    assert statuses == [200] * SHARE + [429] * 2
    assert proxy.ask("/api/v1/plans", client="127.0.0.6")[0] == 200


def test_links_have_the_public_name_and_scheme(proxy: Proxy) -> None:
    _, feed = proxy.ask("/feeds/changes.atom", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: http")
    assert f"https://{NAME}/".encode() in feed
    assert b"http://yaodian" not in feed
    assert b"evil.test" not in feed


def test_what_is_too_large_or_private_is_refused(proxy: Proxy) -> None:
    # Little more than the limit: of a large body the refusal may be lost to the reset of the connection.
    assert proxy.ask("/subscribe", body=bytes((1 << 20) + 4096))[0] == 413
    assert proxy.ask("/metrics")[0] == 404
    assert proxy.ask("/static/style.css")[0] == 200
