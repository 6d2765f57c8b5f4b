"""Hostile pages in the browser that renders sources: each kind of request a page can cause, aimed at this machine."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.attacks import Attempt, Ground
from crawler import browser
from crawler.gate import Gate

TITLE = "hostile pages in the browser (SSRF)"
BOTH_DATABASES = False

SITE = "hostile.example"
# An address of loopback that no other program of this machine listens on, and a port that the guard lets through.
SECRET = "127.77.88.99"
PORT = 8080
MOST_WAIT_MS = 12_000
FORMS = (
    SECRET,
    "127.77.22627",
    "0x7f.77.88.99",
    "2135775331",
    f"[::ffff:{SECRET}]",
    f"{SECRET}.",
    "①②⑦.77.88.99",
)

# What a page may try; URL is the secret's address, WAY names the attempt in its path, DONE ends it. Scripts run at once.
SCRIPTS = {
    "fetch": "fetch(URL, {mode: 'no-cors'}).finally(DONE)",
    "fetch-credentials": "fetch(URL, {mode: 'no-cors', credentials: 'include', keepalive: true}).finally(DONE)",
    "xhr": "const x = new XMLHttpRequest(); x.onloadend = DONE; x.open('POST', URL); x.send('x')",
    "beacon": "navigator.sendBeacon(URL, 'x'); DONE()",
    "image": "const i = new Image(); i.onload = i.onerror = DONE; i.src = URL",
    "websocket": "const w = new WebSocket(URL.replace('http', 'ws')); w.onopen = w.onerror = DONE",
    "event-source": "const e = new EventSource(URL); e.onerror = () => { e.close(); DONE() }",
    "worker": "const w = new Worker(blob(`fetch('${URL}', {mode: 'no-cors'}).finally(() => postMessage(1))`)); w.onmessage = w.onerror = DONE",
    "shared-worker": "const w = new SharedWorker(blob(`fetch('${URL}', {mode: 'no-cors'})`)); w.onerror = DONE; DONE()",
    "import-scripts": "const w = new Worker(blob(`try { importScripts('${URL}') } catch (e) {} postMessage(1)`)); w.onmessage = w.onerror = DONE",
    "service-worker": "(navigator.serviceWorker ? navigator.serviceWorker.register('/sw.js') : Promise.reject()).catch(() => 0).finally(DONE)",
    "dynamic-import": "import(URL).catch(() => 0).finally(DONE)",
    "web-transport": "try { const t = new WebTransport(URL.replace('http:', 'https:')); t.ready.catch(() => 0); t.closed.catch(() => 0).finally(DONE) } catch (e) { DONE() }",
    "window-open": "window.open(URL); DONE()",
    "popup-script": "const w = window.open('about:blank'); if (w) w.location = URL; DONE()",
    "form-post": "const f = document.createElement('form'); f.method = 'post'; f.action = URL; f.target = 'sink'; add(f); f.submit(); DONE()",
    "history-prerender": "const s = document.createElement('script'); s.type = 'speculationrules'; s.text = JSON.stringify({prerender: [{urls: [URL], eagerness: 'immediate'}], prefetch: [{urls: [URL], eagerness: 'immediate'}]}); add(s); DONE()",
    "font-face": "const f = new FontFace('x', `url(${URL})`); f.load().catch(() => 0).finally(DONE)",
    "audio": "const a = new Audio(URL); a.onerror = DONE; a.load()",
    "stun": "ice([{urls: `stun:${HOST}:${PORT}`}], DONE)",
    "turn-udp": "ice([{urls: `turn:${HOST}:${PORT}?transport=udp`, username: 'u', credential: 'c'}], DONE)",
    "turn-tcp": "ice([{urls: `turn:${HOST}:${PORT}?transport=tcp`, username: 'u', credential: 'c'}], DONE)",
    "turns": "ice([{urls: `turns:${HOST}:${PORT}?transport=tcp`, username: 'u', credential: 'c'}], DONE)",
    "payment": "navigator.sendBeacon && fetch('/redirect?' + encodeURIComponent(URL), {mode: 'no-cors'}).finally(DONE)",
    "report": "fetch('/report?' + encodeURIComponent(URL)).finally(DONE)",
}
# Elements that ask by themselves; the browser is given some time after the last script.
ELEMENTS = {
    "iframe": '<iframe src="URL"></iframe>',
    "iframe-srcdoc": "<iframe srcdoc=\"<img src='URL'><script src='URL'></script>\"></iframe>",
    "script": '<script src="URL"></script>',
    "stylesheet": '<link rel="stylesheet" href="URL">',
    "css-import": "<style>@import url(URL); body { background: url(URL?bg) }</style>",
    "prefetch": '<link rel="prefetch" href="URL">',
    "preload": '<link rel="preload" as="fetch" href="URL">',
    "module-preload": '<link rel="modulepreload" href="URL">',
    "preconnect": '<link rel="preconnect" href="URL"><link rel="dns-prefetch" href="URL">',
    "manifest": '<link rel="manifest" href="URL">',
    "icon": '<link rel="icon" href="URL">',
    "img": '<img src="URL" srcset="URL 2x">',
    "svg": '<svg><image href="URL"/><use href="URL#a"/></svg>',
    "object": '<object data="URL"></object><embed src="URL">',
    "video": '<video src="URL" poster="URL"><track src="URL" default></video>',
    "frame-redirect": '<iframe src="/redirect?URL"></iframe>',
    "script-redirect": '<script src="/redirect?URL"></script>',
    "meta-in-frame": "<iframe srcdoc=\"<meta http-equiv='refresh' content='0;url=URL'>\"></iframe>",
    "file": '<iframe src="file:///etc/passwd"></iframe><script src="file:///etc/passwd"></script>',
    "view-source": '<iframe src="view-source:URL"></iframe>',
    "javascript-frame": "<iframe src=\"javascript:fetch('URL')\"></iframe>",
    "xslt": '<iframe src="/xslt?URL"></iframe>',
    "ping": '<a id="p" href="#x" ping="URL">x</a><script>p.click()</script>',
    "sink": '<iframe name="sink"></iframe>',
}  # fmt: skip
# Ways to leave the page: one page each.
LEAVES = {
    "location": "<script>location = 'URL'</script>",
    "meta-refresh": '<meta http-equiv="refresh" content="0;url=URL">',
    "redirect": "",
    "form-get": '<form id="f" action="URL"></form><script>f.submit()</script>',
    "location-file": "<script>location = 'file:///etc/passwd'</script>",
    "location-view-source": "<script>location = 'view-source:URL'</script>",
    "download": '<a id="d" href="URL" download></a><script>d.click()</script>',
    "base": '<base href="URL/"><script>fetch("x", {mode: "no-cors"}); location = "y"</script>',
}
SHELL = """<!doctype html><title>x</title><body><script>
const HOST = %(host)s, PORT = %(port)d, started = %(scripts)d; let done = 0;
const add = element => document.body.append(element);
const blob = text => URL_.createObjectURL(new Blob([text], {type: 'text/javascript'}));
const URL_ = window.URL;
const ice = (servers, then) => { try {
  const c = new RTCPeerConnection({iceServers: servers}); c.createDataChannel('x');
  c.onicegatheringstatechange = () => c.iceGatheringState === 'complete' && then();
  c.createOffer().then(o => c.setLocalDescription(o));
} catch (e) { then() } };
const tell = () => { if (++done === started) document.title = 'done' };
</script>%(elements)s<script>%(calls)s</script>"""


@dataclass
class Secrets:
    """What listens where a page must not reach: the first bytes of every connection and datagram."""

    got: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Counted before anything is read: a connection by itself is too much.
        at = len(self.got)
        self.got.append("a connection")
        try:
            line = await asyncio.wait_for(reader.readline(), 2)
            self.got[at] = line.decode("latin-1").strip() or "a connection"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: *\r\n\r\n")
        except (OSError, TimeoutError, ValueError):
            pass
        writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets

    def datagram_received(self, data: bytes, _: Any) -> None:
        self.secrets.got.append(f"a datagram of {len(data)} bytes")


class SiteGate(Gate):
    """The gate, for which one public name is our hostile site."""

    site_port = 0

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if host == SITE:
            return await asyncio.open_connection("127.0.0.1", self.site_port)
        return await super()._connect(host, port)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Show each page to the browser as a crawl starts it; a breach is whatever the secret was asked."""
    if browser.lacks():
        yield Attempt("no browser here: nothing was tried")
        return
    hosts = FORMS[:1] if ground.is_short else FORMS
    leaves = dict(list(LEAVES.items())[:1]) if ground.is_short else LEAVES
    for host in hosts:
        asked = asyncio.run(visit(host, leaves, allow_private=False))
        for way in (*SCRIPTS, *ELEMENTS, *leaves):
            breach = [line for line in asked if f"/{way} " in line or f"/{way}?" in line]
            yield Attempt(f"{way} {host}", breach[0] if breach else "")
        unnamed = [line for line in asked if "HTTP/" not in line]
        yield Attempt(f"connections and datagrams {host}", ", ".join(unnamed[:5]))


async def visit(host: str, leaves: dict[str, str], *, allow_private: bool) -> list[str]:
    """Open the pages one after another; return what the secret was asked."""
    from playwright.async_api import Error, async_playwright

    secrets = Secrets()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_listening(secrets))
        site = await stack.enter_async_context(_site(host))
        gate = SiteGate(allow_private=allow_private, max_bytes=1 << 20, lasts_s=20)
        gate.site_port = site
        await stack.enter_async_context(gate)
        playwright = await stack.enter_async_context(async_playwright())
        program = await playwright.chromium.launch(**browser.launch_options(gate.url))
        context = await program.new_context(**browser.CONTEXT)
        for way in ("all", *leaves):
            page = await context.new_page()
            try:
                await page.goto(f"http://{SITE}/{way}", wait_until="commit", timeout=MOST_WAIT_MS)
                if way == "all":
                    await page.wait_for_function(
                        "document.title === 'done'", polling=100, timeout=MOST_WAIT_MS
                    )
                    await page.wait_for_load_state("load", timeout=MOST_WAIT_MS)
                else:
                    await page.wait_for_load_state("networkidle", timeout=MOST_WAIT_MS)
            except Error:
                pass  # a page that was refused, which is what is hoped for
        await program.close()
    return secrets.got


@asynccontextmanager
async def _listening(secrets: Secrets) -> AsyncIterator[None]:
    server = await asyncio.start_server(secrets.serve, SECRET, PORT)
    udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Datagrams(secrets), (SECRET, PORT), family=socket.AF_INET
    )
    try:
        yield
    finally:
        server.close()
        udp.close()


@asynccontextmanager
async def _site(host: str) -> AsyncIterator[int]:
    """Serve hostile pages; yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        writer.write(_answer(head.split(" ")[1], host))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _answer(target: str, host: str) -> bytes:
    path, _, query = target.partition("?")
    way, more, body = path.strip("/"), "", ""
    url = f"http://{host}:{PORT}/{way}"
    if way == "all":
        body = _everything(host)
    elif way == "redirect":
        from urllib.parse import unquote

        more = f"HTTP/1.1 302 Found\r\nLocation: {unquote(query) or url}\r\n"
    elif way == "sw.js":
        return _response(
            "text/javascript", f"fetch('http://{host}:{PORT}/service-worker', {{mode: 'no-cors'}})"
        )
    elif way == "xslt":
        return _response("text/xml", f'<?xml-stylesheet type="text/xsl" href="{query}"?><a/>')
    else:
        body = LEAVES.get(way, "").replace("URL", url)
    return more.encode() + _response("text/html", body)[17 if more else 0 :]


def _response(kind: str, body: str) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body.encode())}\r\n"
    )
    return f"{head}Connection: close\r\n\r\n{body}".encode()


def _everything(host: str) -> str:
    calls = "".join(
        f"(() => {{ const URL = 'http://{host}:{PORT}/{way}', DONE = tell; "
        f"try {{ {script} }} catch (e) {{ tell() }} }})();\n"
        for way, script in SCRIPTS.items()
    )
    elements = "".join(
        markup.replace("URL", f"http://{host}:{PORT}/{way}") for way, markup in ELEMENTS.items()
    )
    shell = {"host": json.dumps(host), "port": PORT, "scripts": len(SCRIPTS)}
    return SHELL % (shell | {"elements": elements, "calls": calls})
