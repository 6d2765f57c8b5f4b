"""The sample web on loopback: three sites, each with its own port, served by threads of this process.

with DemoWeb() as web:
    web.url("longyuan")     # http://127.0.0.1:…/
    web.day = 3             # the next request sees day 3
    web.expected(3)         # what a monitor must report of it
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from urllib.parse import unquote, urlsplit

from demo.content import FOLDER, SITES, load_content
from demo.documents import Document
from demo.expected import Expected
from demo.replies import Answer, Reply, answer
from store.errors import OperatorError, UsageError

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered."""

    site: str
    path: str
    status: int


class DemoWeb:
    """The running web. `ports` gives a site's port by its name, 0 or absent is any free one; `plans` and
    `timeline` replace the folder and the file that come with the program. `requests` lists what was asked."""

    def __init__(
        self,
        day: int = 1,
        plans: Path | None = None,
        timeline: Path | None = None,
        ports: Mapping[str, int] | None = None,
    ) -> None:
        if unknown := sorted(set(ports or ()) - set(SITES)):
            raise UsageError(f"ports: no site {unknown[0]}; use {', '.join(SITES)}")
        self.content = load_content(plans, timeline)
        self.requests: list[Request] = []
        self._ports = dict(ports or {})
        self._servers: dict[str, _Server] = {}
        self._built: dict[tuple[str, int], dict[str, Reply]] = {}
        self._building = threading.Lock()
        self._day = self.content.day(day).number

    @property
    def day(self) -> int:
        return self._day

    @day.setter
    def day(self, number: int) -> None:
        self._day = self.content.day(number).number

    def __enter__(self) -> DemoWeb:
        with ExitStack() as undo:
            undo.callback(self.close)
            for site in SITES:
                self._servers[site] = _serve(self._ports.get(site, 0), self._answerer(site), site)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and free the ports."""
        while self._servers:
            _, server = self._servers.popitem()
            server.shutdown()
            server.server_close()

    def url(self, site: str, path: str = "/") -> str:
        """The address of a path of a running site."""
        if site not in self._servers:
            raise UsageError(f"{site}: not served; the sites are {', '.join(SITES)}")
        return f"http://{HOST}:{self._servers[site].server_port}{path}"

    def column(self, site: str) -> str:
        """The address of a site's list: what its source watches."""
        return self.url(site, SITES[site].COLUMN)

    def sources(self) -> dict[str, str]:
        """The YAML text of a source file for each site, by the source's id."""
        templates = {path.stem: path for path in sorted((FOLDER / "sources").glob("*.yaml"))}
        return {
            name: path.read_text(encoding="utf-8").replace("{base}", self.url(name.removeprefix("demo-"), ""))
            for name, path in templates.items()
        }

    def documents(self, site: str, day: int | None = None) -> tuple[Document, ...]:
        """What can be read on a site, newest first: today, or on a given day."""
        return self.content.documents(site, self._day if day is None else day)

    def expected(self, day: int) -> list[Expected]:
        """What a monitor that looked on the day before must report of a day."""
        return self.content.expected(day, self.url)

    def reply(self, site: str, path: str) -> Reply:
        """What stands at a path today."""
        day = self._day
        with self._building:
            if (site, day) not in self._built:
                self._built[site, day] = self.content.replies(site, day)
        return self._built[site, day].get(path) or self.content.missing(site, day)

    def _answerer(self, site: str) -> Callable[[str, Mapping[str, str]], Answer]:
        def answer_request(target: str, headers: Mapping[str, str]) -> Answer:
            path = unquote(urlsplit(target).path)
            answered = answer(self.reply(site, path), headers)
            self.requests.append(Request(site, path, answered.status))
            return answered

        return answer_request


class _Server(ThreadingHTTPServer):
    """One site's server; connections that a client keeps open don't hold up the end."""

    daemon_threads = True

    def __init__(self, port: int, answer_request: Callable[[str, Mapping[str, str]], Answer]) -> None:
        self.answer_request = answer_request
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        # without HTTPServer's look-up of the host's name, which may wait for a name server
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def _send(self, *, with_body: bool) -> None:
        server = self.server
        assert isinstance(server, _Server)
        found = server.answer_request(
            self.path, {name.lower(): value for name, value in self.headers.items()}
        )
        self.send_response(found.status)
        for name, value in found.headers:
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(found.body)
        self.wfile.flush()

    def version_string(self) -> str:
        return "yaodian-demo"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal: `DemoWeb.requests` has it."""


def _serve(port: int, answer_request: Callable[[str, Mapping[str, str]], Answer], site: str) -> _Server:
    try:
        server = _Server(port, answer_request)
    except (OSError, OverflowError) as error:
        raise OperatorError(f"port {port} for site {site} can't be used ({error}); give another") from error
    loop = threading.Thread(target=server.serve_forever, args=(0.05,), name=f"demo-{site}", daemon=True)
    loop.start()
    return server
