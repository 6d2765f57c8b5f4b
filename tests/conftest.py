"""What many tests stand on: a data directory, the program as a process, the sample web."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from bench import kills, postgresql
from demo.web import DemoWeb
from notify.post import Post
from notify.tokens import Tokens
from store.archive import Archive
from store.database import Database
from web.app import create
from web.terms import Terms

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
PROGRAM = [sys.executable, "-m", "yaodian"]

# As the program does for itself: what tests make by calling parts of it is as private as what it makes.
os.umask(0o077)

Run = Callable[..., subprocess.CompletedProcess[str]]


def needs_shared(part: str) -> pytest.MarkDecorator:
    """For tests that read reference data which is not part of the project."""
    path = SHARED / part
    return pytest.mark.skipif(not path.exists(), reason=f"needs ../shared/{part}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What touches the database is tested on both, unless it is marked `one_database`."""
    if "database_kind" in metafunc.fixturenames:
        only_one = metafunc.definition.get_closest_marker("one_database")
        kinds = ("sqlite",) if only_one else ("sqlite", "postgresql")
        metafunc.parametrize("database_kind", kinds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    binaries = postgresql.programs()
    if binaries is None:
        pytest.skip(postgresql.MISSING)
    with postgresql.running(binaries) as running:
        yield running


@dataclass(frozen=True)
class Kept:
    """A data directory and its database's URL; both are copied, never used themselves."""

    data: Path
    url: str

    def copied(self, data: Path, server: postgresql.Server | None) -> Kept:
        shutil.copytree(self.data, data, dirs_exist_ok=True)
        if server is None:
            return Kept(data, f"sqlite:///{data / 'yaodian.db'}")
        return Kept(data, server.create(server.name(self.url)))


class Kits:
    """What many tests begin with, made when it is first asked for: once for each kind of database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[tuple[str, str], Kept] = {}

    def get(self, name: str, server: postgresql.Server | None) -> Kept:
        kind = "postgresql" if server else "sqlite"
        if (name, kind) not in self._made:
            data = self.folder / f"{name}-{kind}"
            url = server.create() if server else f"sqlite:///{data / 'yaodian.db'}"
            self._made[name, kind] = Kept(data, url)
            {"empty": _empty, "third-day": _third_day}[name](data, url)
        return self._made[name, kind]


def _empty(data: Path, url: str) -> None:
    for name in ("sources", "outbox", "warc"):
        (data / name).mkdir(parents=True)
    upgraded(url)


def _third_day(data: Path, url: str) -> None:
    with DemoWeb() as running:
        kills.prepared(data, running, url)
        for day in (1, 3, 3):
            running.day = day
            kills.crawl(data, url)


def upgraded(url: str) -> None:
    database = Database(url)
    database.upgrade()
    database.close()


@pytest.fixture(scope="session")
def kits(tmp_path_factory: pytest.TempPathFactory) -> Kits:
    return Kits(tmp_path_factory.mktemp("kits"))


@pytest.fixture(scope="module")
def server_or_none(database_kind: str, request: pytest.FixtureRequest) -> postgresql.Server | None:
    """The server that this test's database shall be on; None for SQLite."""
    return request.getfixturevalue("server") if database_kind == "postgresql" else None


@pytest.fixture
def kept(
    request: pytest.FixtureRequest, kits: Kits, server_or_none: postgresql.Server | None, tmp_path: Path
) -> Iterator[Kept]:
    """This test's own: empty and initialised, or as after the third day when it asks for `archive`."""
    name = "third-day" if "archive" in request.fixturenames else "empty"
    own = kits.get(name, server_or_none).copied(tmp_path / "data", server_or_none)
    yield own
    if server_or_none is not None:
        server_or_none.drop(own.url)


@pytest.fixture
def data(kept: Kept) -> Path:
    return kept.data


@pytest.fixture
def database_url(kept: Kept) -> str:
    return kept.url


@pytest.fixture
def database(kept: Kept) -> Iterator[Database]:
    database = Database(kept.url)
    yield database
    database.close()


@pytest.fixture
def post(data: Path) -> Post:
    """Mail is written to the data directory's outbox."""
    return Post(
        "要点 Yaodian <yaodian@example.org>",
        Tokens("a secret of the tests, long enough"),
        data / "outbox",
        base_url="https://yaodian.example.org",
    )


@pytest.fixture
def archive(database: Database) -> Database:
    """The database as after the first and, twice, the third day of the sample web."""
    return database


@pytest.fixture
def application(archive: Database, data: Path) -> FastAPI:
    """The web pages of `archive`."""
    return pages_of(archive, data)


@pytest.fixture
def plain_application(database: Database, data: Path) -> FastAPI:
    """The web pages of an archive in which nothing is yet."""
    return pages_of(database, data)


def pages_of(database: Database, data: Path) -> FastAPI:
    post = Post(
        "要点 <yaodian@example.org>",
        Tokens("secret of these tests " * 2),
        data / "outbox",
        "http://testserver",
    )
    program = (*PROGRAM, "--data", str(data))
    return create(
        Terms(database, data, Archive(data / "warc"), "Asia/Shanghai", post, "secret of this test", program)
    )


@pytest.fixture
def reader(application: FastAPI) -> Iterator[TestClient]:
    """A browser without scripts, on the pages of `archive`."""
    with TestClient(application) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        # Without these flags a browser that starts calls its makers' hosts.
        quiet = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
        ]
        yield playwright.chromium.launch(executable_path=program, args=quiet)


@pytest.fixture
def site(application: FastAPI) -> Iterator[str]:
    """The pages served on loopback, as the service serves them."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def bare_url(server_or_none: postgresql.Server | None, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if server_or_none is None:
        yield f"sqlite:///{tmp_path / 'bare.db'}"
    else:
        url = server_or_none.create()
        yield url
        server_or_none.drop(url)


@pytest.fixture
def yaodian(data: Path, environment: dict[str, str]) -> Run:
    """Run the program as a user does, on the data directory and its database."""

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, "--data", str(data), *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=data.parent,
            env=environment | settings,
        )

    return run


@pytest.fixture
def environment(kept: Kept) -> dict[str, str]:
    """What the program's processes of this test are given."""
    return clean_environment() | ({} if kept.url.startswith("sqlite") else {"YAODIAN_DATABASE_URL": kept.url})


def clean_environment() -> dict[str, str]:
    """This process's environment without the operator's own settings; loopback may be fetched."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("YAODIAN_")}
    kept.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # compiling the program anew for each child takes longer than running it
    return kept | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def web() -> Iterator[DemoWeb]:
    with DemoWeb() as running:
        yield running


@pytest.fixture
def watched(web: DemoWeb, data: Path) -> DemoWeb:
    """The sample web, with its sources in the data directory."""
    for source_id, text in web.sources().items():
        (data / "sources" / f"{source_id}.yaml").write_text(text, encoding="utf-8")
    return web
