"""Readers who are no mailbox: signed webhooks, and chat groups through Apprise, against a real HTTP server."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from notify import channels, chats
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from notify.tokens import Reference
from store.connections import RefusedConnection, confined
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
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            site.got.append((self.path, dict(self.headers), body))
            self.send_response(int(self.path.strip("/")[:3]))
            self.send_header("Location", f"{site.url}/200/followed")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 (the server's name)

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
            assert answer.verdict == "refused"
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


SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
CHATS = (
    SLACK,
    "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/general",
    "wecombot://KEYabc-12345678",
    "dingtalk://abcdefgh12345678",
    "dingtalk://SECabcdef@abcdefgh12345678",
    "feishu://1234-5678_90",
    "lark://1234-5678",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "tgram://123456789:abcdefg_hijklmnop/-12315544/",
    "line://ab+c/d1e/f==/U1234567890",
)
# What somebody may write behind an address, or into it.
OPTIONS = (
    "?template=/etc/passwd", "/?template=http://127.0.0.1/x", "?verify=no", "?format=markdown", "?avatar_url=http://10.0.0.1/",
    "?cto=9999&rto=9999", "?redirect=yes", "?tags=a", "?", "#", "#x", "&template=/etc/passwd", "/%3Ftemplate=/etc/passwd",
    "%3Ftemplate=x", "%2e%2e%2f", "/..", "/../x", "/x/y/z", ";template=x", ":80", ":80/", "\\x", "@127.0.0.1", "/ ", " ",
    "\n", "\r\nHost: x", "\x00", "？template=x", "ａ", "\u2028", ",slack://a/b/c", " slack://a/b/c", "//",
)  # fmt: skip


@pytest.mark.parametrize("address", CHATS)
def test_a_chat_address_is_its_tokens_and_nothing_else(address: str) -> None:
    assert channels.checked(address) == address
    assert channels.checked(address, allow_private=True) == address
    for option in OPTIONS:
        with pytest.raises(WrongUse, match=r"expected|not sent to"):
            channels.checked(address.rstrip("/") + option)
        with pytest.raises(WrongUse, match=r"expected|not sent to"):
            channels.checked(address.rstrip("/") + option, allow_private=True)
    for before in ("user@", "user:word@", "%61", "/", "?template=/etc/passwd/"):
        if not (address.startswith("dingtalk://a") and before == "user@"):
            with pytest.raises(WrongUse):
                channels.checked(address.replace("://", f"://{before}", 1))


def test_a_stored_address_with_options_is_refused_when_it_is_sent_to(post: Post, tmp_path: Any) -> None:
    template = tmp_path / "template.json"
    template.write_text('{"text": "stolen"}')
    with served() as site:
        for allowed in (False, True):
            for option in (f"template={site.url}/200", f"template={template}", f"template=file://{template}"):
                answer = sent(replace(post, allow_private=allowed), f"{SLACK}/?{option}")
                assert answer.verdict == "refused"
                assert "options" in answer.said
        assert not site.got


def test_an_own_service_takes_no_options(post: Post) -> None:
    for option in (
        "?template=/etc/passwd",
        "?verify=no",
        "/?attach=/etc/passwd",
        "#x",
        "/%3Fconfig=x",
        "/a b",
        "?+a=b",
    ):
        with pytest.raises(WrongUse, match="without options"):
            channels.checked(f"json://127.0.0.1/x{option}", allow_private=True)
    for address in (
        "fcm://project/key.json",
        "vapid://a@b.org/c",
        "syslog://",
        "workflows://h/a/b",
        "mailto://a:b@c.org",
    ):
        with pytest.raises(WrongUse, match="is not sent to"):
            channels.checked(address, allow_private=True)


@contextmanager
def resolved(monkeypatch: pytest.MonkeyPatch, host: str, place: tuple[str, int]) -> Iterator[list[str]]:
    """A DNS server that says a host is at an address of ours; which hosts were looked up."""
    real, asked = socket.getaddrinfo, []

    def lookup(name: Any, port: Any, *more: Any, **named: Any) -> Any:
        asked.append(name)
        if name == host:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]
        return real(name, port, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lookup)
        yield asked


def test_a_chat_service_whose_name_leads_home_is_not_connected_to(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as secret:
        secret.settimeout(0.2)
        with resolved(monkeypatch, "hooks.slack.com", secret.getsockname()[:2]) as asked:
            answer = sent(post, SLACK)
            assert (answer.verdict, answer.said) == ("refused", "127.0.0.1 is no public address")
            assert asked == ["hooks.slack.com"]
            with pytest.raises(TimeoutError):
                secret.accept()
            # The same with private addresses allowed is connected to, so the above proves something.
            threading.Thread(
                target=sent, args=(replace(post, allow_private=True), SLACK), daemon=True
            ).start()
            secret.settimeout(10)
            secret.accept()[0].close()


def test_a_redirect_of_a_chat_service_is_not_followed(post: Post) -> None:
    with served() as site:
        own = sent(replace(post, allow_private=True), f"{site.url.replace('http', 'json')}/302")
        assert own.verdict == "later"
        assert [path for path, *_ in site.got] == ["/302"]


def test_code_within_confines_reaches_nothing_else() -> None:
    """Whatever a library does by itself: redirects, proxies, other hosts, addresses in any form."""
    with served() as site:
        port = site.url.rpartition(":")[2]
        for host in (
            "127.0.0.1",
            "localhost",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0",
            "0.0.0.0",
            "[::ffff:127.0.0.1]",
        ):
            with confined(None, allow_private=False) as confines:
                with pytest.raises(requests.ConnectionError):
                    requests.get(f"http://{host}:{port}/200")
                assert confines.refused
        with confined({"example.org"}, allow_private=True), pytest.raises(requests.ConnectionError):
            requests.get(f"{site.url}/200")
        with (
            confined(None, allow_private=False),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            pytest.raises(RefusedConnection),
        ):
            udp.sendto(b"x", ("127.0.0.1", int(port)))
        assert not site.got
        with confined({"127.0.0.1"}, allow_private=True):
            assert requests.get(f"{site.url}/200").status_code == 200
        assert requests.get(f"{site.url}/302").url.endswith("/200/followed")


def test_the_hosts_of_each_service_are_those_of_the_library() -> None:
    """A new version that moves a service to another host must not be cut off in silence."""
    from notify.channels.apprise import _service

    for address in CHATS:
        service = _service(address)
        urls = [getattr(service, name, "") for name in ("notify_url", "webhook_url", "api_url")]
        hosts = {str(url).split("/")[2] for url in urls if str(url).startswith("https://")}
        assert hosts, address
        assert hosts <= chats.SERVICES[chats.scheme_of(address)].hosts | {"hooks.slack-gov.com"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("webhook+https://E.ORG:443/Hook;a=1?b=2", "webhook+https://e.org/Hook;a=1?b=2"),
        ("webhook+https://e.org:/x", "webhook+https://e.org/x"),
        ("webhook+https://例子.测试/h", "webhook+https://xn--fsqu00a.xn--0zwm56d/h"),
        ("webhook+https://bücher.example/h", "webhook+https://xn--bcher-kva.example/h"),
        ("webhook+https://8.8.8.8/h", "webhook+https://8.8.8.8/h"),
        ("webhook+https://e.org/@reader", "webhook+https://e.org/%40reader"),
    ],
)
def test_a_webhook_is_kept_as_dns_knows_it(typed: str, kept: str) -> None:
    assert channels.checked(typed) == kept
    assert channels.checked(kept) == kept


@pytest.mark.parametrize(
    "rest",
    ["a..b.example/h", ".example/h", "example.org./h", f"{'a' * 64}.example/h", f"{'a.' * 127}example/h", "-a.example/",
     "a_b.example/", "a%2eb.example/", "user@e.org/", "@e.org/", ":@e.org/", "e.org@127.0.0.1/", "e.org\\@127.0.0.1/",
     "e.org\t/", "e.org\n/x", " e.org/", "e.org/a b", "e.org/é", "e.org/#x", "e.org/#", "e.org:0/", "e.org:444/", "e.org:x/",
     "e.org:99999/", "e.org:４４３/", "localhost/", "hook.localhost/", "intranet/", "printer.local/", "127.1/", "2130706433/",
     "0x7f000001/", "0x7f.1/", "017700000001/", "0177.0.0.1/", "0/", "[::]/", "[::ffff:10.0.0.1]/", "[64:ff9b::a00:1]/",
     "[fe80::1%25eth0]/", "[2002:7f00:1::]/", "[::1/", "127.0.0.1./", "１２７.０.０.１/", "127。0。0。1/", "①②⑦.0.0.1/",
     "169.254.169.254/", "xn--a.org/", "xn--.org/", "", "/x", "?x", "e.org/<x>"],
)  # fmt: skip
def test_what_is_no_host_of_a_public_webhook(rest: str) -> None:
    with pytest.raises(
        WrongUse, match=r"^invalid webhook .*; expected such as webhook\+https://example.org/hook$"
    ):
        channels.checked(f"webhook+https://{rest}")


@pytest.mark.parametrize("host", ["a..b.example", ".example", "a" * 64 + ".example", "localhost", "127.1"])
def test_a_stored_webhook_of_no_host_is_refused_alone(post: Post, host: str) -> None:
    answer = sent(post, f"webhook+https://{host}/a-password")
    assert (answer.verdict, answer.is_bounce) == ("refused", True)
    assert "a-password" not in answer.said
