"""Source files are read again only when they have changed, and then at the next look."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from crawler.sources import caching, catalogue
from crawler.sources.caching import CatalogueCache

SOURCE = """\
id: {id}
name: {name}
publisher: 某市教育局
region: "210400"
kind: official
listing:
  type: html
  urls: [https://{id}.example.cn/]
  item: li
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n in range(40):
        write(tmp_path, f"source-{n}", "第一个名字")
    for path in tmp_path.iterdir():  # as if they had been there for an hour
        os.utime(path, (time.time() - 3600,) * 2)
    return tmp_path


def write(folder: Path, source_id: str, name: str) -> None:
    (folder / f"{source_id}.yaml").write_text(SOURCE.format(id=source_id, name=name), encoding="utf-8")


def test_a_cached_catalogue_is_that_of_the_files_after_each_change(folder: Path) -> None:
    cache = CatalogueCache(catalogue.bundled(), folder)

    def is_current() -> bool:
        found, read = cache.load(), catalogue.load(catalogue.bundled(), folder)
        return found.sources == read.sources and [*map(str, found.errors)] == [*map(str, read.errors)]

    assert is_current()
    write(folder, "source-1", "第二个名字")  # as long as the first
    assert cache.load().sources["source-1"].name == "第二个名字"
    assert is_current()
    (folder / "source-2.yaml").unlink()
    assert is_current()
    (folder / "source-3.yaml").write_text("id: [", encoding="utf-8")
    assert is_current()
    write(folder, "source-3", "第三个名字")
    write(folder, "new", "新的")
    assert is_current()
    (folder / "other.yaml").symlink_to(folder / "nowhere.yaml")
    assert is_current()
    (folder / "new.yaml").rename(folder / "source-4.yaml")
    assert is_current()


def test_changes_in_one_tick_of_the_clock_are_seen(folder: Path) -> None:
    cache = CatalogueCache(folder)
    for n in range(200):
        write(folder, "source-0", f"名字{n:03}")
        assert cache.load().sources["source-0"].name == f"名字{n:03}"


def test_unchanged_files_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CatalogueCache(folder)
    monkeypatch.setattr(caching, "_UNSURE_NS", 0)
    first = cache.load()
    read: list[Path] = []

    def counted(path: Path, *, is_trusted: bool) -> object:
        read.append(path)
        return catalogue.read_file(path, is_trusted=is_trusted)

    monkeypatch.setattr(caching, "read_file", counted)
    assert cache.load() is first
    write(folder, "source-7", "改过的名字")
    assert cache.load().sources["source-7"].name == "改过的名字"
    assert read == [folder / "source-7.yaml"]
