"""What many tests stand on: a data directory, the program as a process, the sample web."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench import kills
from demo.web import DemoWeb
from store.database import Database

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
PROGRAM = [sys.executable, "-m", "yaodian"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def needs_shared(part: str) -> pytest.MarkDecorator:
    """For tests that read reference data which is not part of the project."""
    path = SHARED / part
    return pytest.mark.skipif(not path.exists(), reason=f"needs ../shared/{part}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty, initialised data directory."""
    folder = tmp_path / "data"
    for name in ("sources", "outbox", "warc"):
        (folder / name).mkdir(parents=True)
    Database(f"sqlite:///{folder / 'yaodian.db'}").upgrade()
    return folder


@pytest.fixture
def yaodian(data: Path) -> Run:
    """Run the program as a user does, on the data directory."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, "--data", str(data), *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=data.parent,
            env=clean_environment() | environment,
        )

    return run


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


@pytest.fixture(scope="session")
def third_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has seen the first and, twice, the third day of the sample web; copy it to use it."""
    with DemoWeb() as running:
        folder = kills.prepared(tmp_path_factory.mktemp("third-day") / "data", running)
        for day in (1, 3, 3):
            running.day = day
            kills.crawl(folder)
    return folder


@pytest.fixture
def archive(third_day: Path, data: Path) -> Database:
    """The data directory of this test, as after the third day."""
    shutil.rmtree(data)
    shutil.copytree(third_day, data)
    return Database(f"sqlite:///{data / 'yaodian.db'}")


@pytest.fixture
def watched(web: DemoWeb, data: Path) -> DemoWeb:
    """The sample web, with its sources in the data directory."""
    for source_id, text in web.sources().items():
        (data / "sources" / f"{source_id}.yaml").write_text(text, encoding="utf-8")
    return web
