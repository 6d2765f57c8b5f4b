"""Many sites on loopback, each at an address of its own (127.1.0.1, 127.1.0.2 …), that count who asks them at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head><body>
<div class="nav"><a href="/">首页</a></div><div class="article"><h1>{title}</h1>
<div class="info">发布时间：2026-03-{day:02} 来源：{place}教育局</div><div class="content">{text}</div></div></body></html>"""
ENTRY = '<li><a href="/{source}/{number}.htm">{title}</a><span>2026-03-{day:02}</span></li>'


class ManySites:
    """`hosts` servers with `sources` columns in all, of `documents` each; an answer takes `latency_s`. What they say
    follows from `day` alone: each day some documents are edited, come, or are taken away."""

    def __init__(self, hosts: int, sources: int, documents: int, latency_s: float) -> None:
        self.hosts, self.sources, self.documents, self.latency_s = hosts, sources, documents, latency_s
        self.day = 1
        self.most = Counter[str]()
        self.requests = 0
        self._now = Counter[str]()
        self._counting = threading.Lock()
        self._server = _Server(("", 0), _Handler)
        self._server.sites = self

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def files(self) -> dict[str, str]:
        """The source files, by id."""
        port = self._server.server_address[1]
        return {
            f"many-{n:03}": (
                f"id: many-{n:03}\nname: 第{n}区教育局\npublisher: 第{n}区教育局\nregion: '620000'\nkind: official\n"
                f"listing:\n  type: html\n  urls: [http://127.1.0.{n % self.hosts + 1}:{port}/many-{n:03}/]\n"
                "  item: ul.list li\n  link: a::attr(href)\n  date: span::text\n"
                "fetch: {delay: 0}\nschedule: {every: 1d}\n"
            )
            for n in range(self.sources)
        }

    def answer(self, host: str, path: str) -> tuple[int, str]:
        with self._counting:
            self.requests += 1
            self._now[host] += 1
            self.most[host] = max(self.most[host], self._now[host])
        try:
            time.sleep(self.latency_s)
            return self._said(path)
        finally:
            with self._counting:
                self._now[host] -= 1

    def _said(self, path: str) -> tuple[int, str]:
        source, _, name = path.strip("/").partition("/")
        if not source.startswith("many-"):
            return 404, "none"
        if not name:
            entries = [
                ENTRY.format(source=source, number=n, title=_title(source, n), day=n % 28 + 1)
                for n in range(self.documents + self.day)
                if not self._is_gone(source, n)
            ]
            return 200, PAGE.format(
                title="工作计划", place=source, day=1, text=f"<ul class='list'>{''.join(entries)}</ul>"
            )
        number = int(name.partition(".")[0])
        if self._is_gone(source, number):
            return 404, "gone"
        text = "".join(f"<p>{line}</p>" for line in self._text(source, number))
        return 200, PAGE.format(title=_title(source, number), place=source, day=number % 28 + 1, text=text)

    def _is_gone(self, source: str, number: int) -> bool:
        return number == 1 and self.day >= 2 and int(source[-3:]) % 3 == 0

    def _text(self, source: str, number: int) -> list[str]:
        """Items whose figures follow from the source, the document, and how often it was edited until today."""
        edits = sum(1 for day in range(2, self.day + 1) if (number + day + int(source[-3:])) % 4 == 0)
        seed = int(source[-3:]) * 97 + number * 31
        return [
            f"{_numeral(n)}、推进第{seed + n}号项目。新建学校{(seed * n) % 89 + 1}所，培训教师{(seed + n * n) % 997 + edits}人，"
            f"资助学生{seed % 13 + n}万人次，按月检查第{(seed * 7 + n) % 50}类工作的落实情况，并在年底前向社会公布结果。"
            for n in range(1, 9)
        ]


def _title(source: str, number: int) -> str:
    return f"第{source[-3:]}区{2000 + number % 27}年教育工作要点（第{number}号）"


def _numeral(number: int) -> str:
    return "零一二三四五六七八九"[number]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    sites: ManySites

    def handle_error(self, request: object, client_address: object) -> None:
        """A crawler was killed while it asked: that is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        status, text = self.server.sites.answer(host, self.path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not told."""
