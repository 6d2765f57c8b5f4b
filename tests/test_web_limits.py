"""What the web pages take from a client, under which names they answer, and who reads /metrics."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from bench import nginx, service_process, storms, webserver
from store.errors import OperatorError
from web.app import create, create_private
from web.bodies import MAX_BODY_BYTES, LimitRequests
from web.clients import client_key, is_within, parse_networks
from web.connections import ConnectionLimits
from web.server import RESERVED_FILES, fit_limits
from yaodian.settings import load

pytestmark = pytest.mark.one_database
API = "/api/v1/subscriptions"


def chunks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(1 << 16)


@pytest.mark.parametrize("path", ["/subscribe", "/operator/login", "/healthz"])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_that_is_too_large_is_refused(reader: TestClient, path: str, is_chunked: bool) -> None:
    refused = reader.post(path, content=chunks(17) if is_chunked else bytes(MAX_BODY_BYTES + 1))
    assert refused.status_code == 413
    assert refused.headers["connection"] == "close"
    is_for_programs = path == "/healthz"
    assert refused.headers["content-type"].startswith(
        "application/problem+json" if is_for_programs else "text/html"
    )
    assert "at most 1 MB" in refused.text


def test_a_body_within_the_limit_reaches_its_endpoint_whole(reader: TestClient) -> None:
    assert reader.post(API, content=chunks(16)).status_code == 401
    assert reader.post("/operator/login", data={"name": "n" * 900_000, "password": "p"}).status_code == 422


def test_one_client_may_not_fill_the_memory(data: Path, database_url: str) -> None:
    head = f"POST {API} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {MAX_BODY_BYTES}\r\n\r\n".encode()
    limits = ConnectionLimits(body_seconds=2)
    with webserver.running(data, database_url, limits) as site, ExitStack() as stack:
        connections = [stack.enter_context(site.connect()) for _ in range(12)]
        for connection in connections:
            connection.sendall(head + bytes(MAX_BODY_BYTES - 1))
        assert site.ask("/plans").status == 200
        answers = [webserver.read_to_end(connection) for connection in connections]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
    assert 4 <= len(refused) < 12
    assert all(b"retry-after: 60" in answer for answer in refused)


def test_a_head_that_is_too_large_is_refused(reader: TestClient) -> None:
    assert reader.get("/plans", headers={"X-Long": "x" * 40_000}).status_code == 431


def test_an_origin_that_is_no_address_is_another_sites(reader: TestClient) -> None:
    assert reader.post("/subscribe", headers={"Origin": "http://["}).status_code == 403


def test_who_reads_slowly_is_served_and_who_reads_nothing_is_not(data: Path, database_url: str) -> None:
    limits = ConnectionLimits(write_seconds=0.4)
    request = b"GET /static/style.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 150
    with (
        webserver.running(data, database_url, limits) as site,
        socket.socket() as slow,
        socket.socket() as deaf,
    ):
        for connection in (slow, deaf):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            connection.connect(("127.0.0.1", site.port))
            connection.sendall(request)
        taken, began = b"", time.monotonic()
        while time.monotonic() - began < 2:  # far longer than the deadline
            taken += slow.recv(1 << 16)
            time.sleep(0.02)
        slow.settimeout(5)
        while taken.count(b"HTTP/1.1 200") < 150:
            more = slow.recv(1 << 16)
            assert more
            taken += more
        assert not webserver.wait_until_closed([deaf], 1)


async def unread(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the application is called")


def test_a_body_that_does_not_come_ends_with_408_and_without_the_application(application: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": API, "raw_path": API.encode(), "query_string": b"", "app": application,
        "headers": [(b"content-length", b"5"), (b"expect", b"100-continue")],
    }  # fmt: skip
    asyncio.run(LimitRequests(unread, body_seconds=0.01)(scope, receive, send))
    assert [message["type"] for message in sent][0::2] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("testserver", 200),  # its base_url
        ("testserver:8080", 200),
        ("LocalHost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("archive", 200),
        ("a.intern.example.org", 200),
        ("intern.example.org", 400),
        ("xintern.example.org", 400),
        ("evil.test", 400),
        ("testserver.evil.test", 400),
        ("192.0.2.1", 400),
        ("", 400),
    ],
)
def test_requests_name_the_service(application: FastAPI, host: str, status: int) -> None:
    terms = replace(application.state.terms, allowed_hosts=("archive", "*.intern.example.org"))
    with TestClient(create(terms)) as reader:
        answer = reader.get("/plans", headers={"Host": host})
        assert answer.status_code == status
        if status == 400 and host:
            assert f'allowed_hosts = ["{host}"]' in answer.text.replace("&#34;", '"')
        for path in ("/healthz", "/metrics"):
            assert reader.get(path, headers={"Host": host}).status_code == 200


def test_an_address_is_its_own_name(application: FastAPI) -> None:
    with TestClient(application, base_url="http://192.0.2.1:8080") as reader:
        assert reader.get("/plans").status_code == 200
        assert reader.get("/plans", headers={"Host": "192.0.2.2:8080"}).status_code == 400


def test_metrics_ask_for_their_token(application: FastAPI) -> None:
    with TestClient(
        create(replace(application.state.terms, metrics_token="a token of many signs"))
    ) as reader:
        for wrong in ("", "Bearer", "Bearer x", "Basic a token of many signs", "Bearer a token of many sign"):
            refused = reader.get("/metrics", headers={"Authorization": wrong})
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (
            reader.get("/metrics", headers={"Authorization": "bearer a token of many signs"}).status_code
            == 200
        )


def test_metrics_can_be_elsewhere(application: FastAPI) -> None:
    terms = replace(application.state.terms, metrics_are_elsewhere=True)
    with TestClient(create(terms)) as public, TestClient(create_private(terms)) as private:
        assert public.get("/metrics").status_code == 404
        assert "yaodian_ticks" in private.get("/metrics").text
        assert private.get("/healthz").text == "ok\n"
        assert private.get("/").status_code == 404


def test_an_ipv6_client_is_its_network() -> None:
    assert client_key("2001:db8:1:2::7") == client_key("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert client_key("::ffff:192.0.2.1") == client_key("192.0.2.1") == "192.0.2.1"
    assert client_key("made up") == "made up"
    networks = parse_networks(["10.0.0.0/24", "::1"])
    assert is_within("10.0.0.9", networks)
    assert is_within("::1", networks)
    assert not is_within("10.0.1.9", networks)
    assert not is_within("", networks)


@pytest.mark.parametrize("open_files", [256, 1024, 4096, 65536])
def test_connections_leave_files_for_the_rest(open_files: int) -> None:
    limits, backlog = fit_limits(ConnectionLimits(50_000), open_files)
    assert limits.connections + backlog <= max(open_files - RESERVED_FILES, 64)
    assert 8 <= limits.per_client <= limits.connections
    assert fit_limits(ConnectionLimits(100), 65536)[0].connections == 100


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("ALLOWED_HOSTS", "https://example.org", "expected names without scheme and port"),
        ("ALLOWED_HOSTS", "教育.中国", "xn--"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "expected addresses or networks"),
        ("TRUSTED_PROXIES", "proxy", "expected addresses or networks"),
        ("TRUSTED_PROXIES", "[oops", 'expected a, b or ["a", "b"]'),
        ("METRICS_ADDRESS", "9090", "expected HOST:PORT"),
        ("METRICS_ADDRESS", "::1:9090", "expected HOST:PORT"),
        ("METRICS_ADDRESS", "localhost:99999", "expected HOST:PORT"),
        ("METRICS_TOKEN", "short", "16 to 200 characters"),
        ("MAX_CONNECTIONS", "1", "16"),
    ],
)
def test_a_bad_setting_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"YAODIAN_{setting}", value)
    with pytest.raises(OperatorError) as refused:
        load(tmp_path)
    assert f"YAODIAN_{setting}" in str(refused.value)
    assert says in str(refused.value)


def test_lists_are_written_with_commas_as_json_or_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "yaodian.toml").write_text('allowed_hosts = ["A.example.org", "::1"]\n', encoding="utf-8")
    monkeypatch.setenv("YAODIAN_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/24")
    settings = load(tmp_path)
    assert settings.allowed_hosts == ["a.example.org", "::1"]
    assert settings.trusted_proxies == ["127.0.0.1/32", "10.0.0.0/24"]
    monkeypatch.setenv("YAODIAN_TRUSTED_PROXIES", '["::1"]')
    assert load(tmp_path).trusted_proxies == ["::1/128"]


def test_the_service_has_its_limits_and_its_metrics_apart(
    data: Path,
) -> None:
    unused_port = nginx.free_port()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    settings = {
        "YAODIAN_METRICS_ADDRESS": f"127.0.0.1:{unused_port}",
        "YAODIAN_METRICS_TOKEN": "a-token-of-many-signs",
    }
    try:
        with service_process.serving(data, **settings) as service:
            limits = Path(f"/proc/{service.pid}/limits").read_text().split("Max open files")[1].split()
            assert int(limits[0]) == min(hard, 65536)
            assert status(f"{service.url}/metrics") == 404
            private = f"http://127.0.0.1:{unused_port}/metrics"
            assert status(private) == 401
            assert status(private, Authorization="Bearer a-token-of-many-signs") == 200
            begun = [json.loads(line) for line in service.log.read_text().splitlines()]
            addresses = {event["event"]: event.get("address") for event in begun}
            assert addresses["web pages"] == service.url
            assert addresses["metrics"] == f"http://127.0.0.1:{unused_port}"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("storm", ["bodies", "idle"])
def test_a_reader_is_answered_in_a_storm(data: Path, storm: str) -> None:
    outcome = storms.measure(data, storm, replace(storms.SHORT, requests=24, idle=300))
    assert outcome.is_good, outcome
