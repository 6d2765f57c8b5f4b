"""Readers who are no mailbox: signed webhooks, and chat groups through Apprise, against a real HTTP server."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from notify import channels
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from notify.tokens import Reference
from store.errors import WrongUse

pytestmark = pytest.mark.one_database

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LETTER = Letter("教育要点摘要", "text", "<p>", "新发布 1 份 SLOT", {"changes": [{"id": 1}]}, slot="SLOT")


@dataclass
class Site:
    """Answers with the status that the path names, and keeps what it got."""

    url: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def served() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            site.got.append((self.path, dict(self.headers), body))
            self.send_response(int(self.path.strip("/")))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
        server.shutdown()
        thread.join()


def sent(post: Post, address: str, kind: str = "digest") -> Answer:
    name = channels.name_of(address)
    parcel = Parcel(1, kind, name, address, "<digest.x@example.org>", NOW, 1, 7, NOW, 1)

    async def send() -> Answer:
        async with channels.every()[name].opened(post) as outlet:
            return await outlet.send(parcel, LETTER)

    return asyncio.run(send())


def test_a_webhook_can_tell_that_it_is_us(post: Post) -> None:
    post = replace(post, allow_private=True)
    with served() as site:
        assert sent(post, f"webhook+{site.url}/204", "confirmation").verdict == "sent"
        assert sent(post, f"webhook+{site.url}/200").verdict == "sent"
        (_, _, asked), (_, headers, body) = site.got
    secret = json.loads(asked)["secret"]
    assert secret == post.tokens.webhook_secret(Reference(7, NOW))
    stamp = headers["Yaodian-Timestamp"].encode()
    signed = hmac.new(secret.encode(), stamp + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Yaodian-Signature"] == f"v1={signed}"
    assert headers["Yaodian-Delivery"] == "digest.x@example.org"
    said = json.loads(body)
    assert "secret" not in said
    assert (said["type"], said["changes"]) == ("digest", [{"id": 1}])
    assert said["text"] == f"新发布 1 份 {post.token_for(7, NOW)}"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(500, "later"), (429, "later"), (302, "refused"), (404, "refused"), (410, "refused")],
)
def test_what_a_webhook_answers(post: Post, status: int, verdict: str) -> None:
    with served() as site:
        answer = sent(replace(post, allow_private=True), f"webhook+{site.url}/{status}")
    assert (answer.verdict, answer.said) == (verdict, f"HTTP {status}")


def test_nothing_is_sent_into_a_private_network(post: Post) -> None:
    with served() as site:
        for host in ("127.0.0.1", "localhost"):
            answer = sent(post, f"webhook+{site.url.replace('127.0.0.1', host)}/200")
            assert (answer.verdict, answer.said) == ("refused", f"{host} is no public address")
        assert sent(post, f"{site.url.replace('http', 'json')}/200").verdict == "refused"
        assert not site.got


def test_a_chat_gets_the_short_form(post: Post) -> None:
    post = replace(post, allow_private=True)
    with served() as site:
        assert sent(post, f"{site.url.replace('http', 'json')}/200").verdict == "sent"
        failed = sent(post, f"{site.url.replace('http', 'json')}/500")
        assert json.loads(site.got[0][2])["message"] == f"新发布 1 份 {post.token_for(7, NOW)}"
    assert failed.verdict == "later"
    assert "error=500" in failed.said


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("wecom://KEYabc12345678", "wecombot://KEYabc12345678", "wecombot://…"),
        ("dingtalk://abcdefgh12345678", "dingtalk://abcdefgh12345678", "dingtalk://…"),
        ("feishu://12345678901234567890", "feishu://12345678901234567890", "feishu://…"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "tgram://123456789:abcdefg_hijklmnop/12315544/", "tgram://…"),
        ("webhook+https://e.org/hook?key=1", "webhook+https://e.org/hook?key=1", "webhook+https://e.org/…"),
    ],
)  # fmt: skip
def test_channels_addresses_are_known_and_not_shown_whole(typed: str, kept: str, shown: str) -> None:
    assert channels.checked(typed) == kept
    assert channels.shown(kept) == shown


@pytest.mark.parametrize(
    "address",
    ["mailto://a:b@example.org", "json://127.0.0.1/x", "syslog://", "webhook+http://example.org/",
     "webhook+https://10.0.0.1/", "webhook+https://[::1]/", "webhook+https://example.org:22/",
     "webhook+https://a:b@example.org/", "webhook+https:///x", "wecom://", "ftp://example.org/"],
)  # fmt: skip
def test_where_nothing_is_sent_to(address: str) -> None:
    with pytest.raises(WrongUse):
        channels.checked(address)
