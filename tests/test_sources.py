"""Source files: each example that can't be used is refused with file, field and remedy; good ones are found by looking."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import Run

from crawler.sources import catalogue, importing
from store.errors import SourceError

EXAMPLES = sorted((Path(__file__).parent / "examples" / "sources").glob("*.yaml"))
GOOD = """\
id: {id}
name: 某市教育局 规划计划
publisher: 某市教育局
region: "620000"
kind: official
listing: {{urls: ["https://example.org/"], item: ul li}}
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        catalogue.read(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: ")
    assert path.with_suffix(".error").read_text(encoding="utf-8").strip() in told
    assert "\n" not in told


def test_bundled_sources_are_usable() -> None:
    found = catalogue.load(catalogue.bundled())
    assert not found.errors
    assert found.sources


def test_one_bad_file_does_not_hide_the_others(data: Path, yaodian: Run) -> None:
    (data / "sources" / "mine.yaml").write_text(GOOD.format(id="mine"), encoding="utf-8")
    shutil.copy(EXAMPLES[0], data / "sources")
    listed = yaodian("sources", "list", "--format", "csv")
    assert listed.returncode == 1
    assert "mine,某市教育局 规划计划,620000,official" in listed.stdout
    assert listed.stderr.count("\n") == 1
    assert EXAMPLES[0].name in listed.stderr


def test_an_operators_file_comes_before_the_bundled_one(tmp_path: Path) -> None:
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    for folder, publisher in ((bundled, "甲"), (own, "乙")):
        folder.mkdir()
        text = GOOD.format(id="same").replace("publisher: 某市教育局", f"publisher: {publisher}")
        (folder / "same.yaml").write_text(text, encoding="utf-8")
    assert catalogue.load(bundled, own).sources["same"].publisher == "乙"


def test_a_shown_source_is_a_source_file(data: Path, yaodian: Run) -> None:
    (data / "sources" / "mine.yaml").write_text(GOOD.format(id="mine"), encoding="utf-8")
    shown = yaodian("sources", "show", "mine")
    assert shown.returncode == 0
    assert catalogue.parse(shown.stdout, "shown", "mine") == catalogue.load(data / "sources").find("mine")


def test_an_unknown_source_is_told_and_the_way_to_the_list(yaodian: Run) -> None:
    shown = yaodian("sources", "show", "nowhere")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr == "yaodian: no source 'nowhere'; `yaodian sources list` names them all\n"


@pytest.mark.parametrize(
    ("title", "taken"),
    [
        ("某市教育局2026年工作要点", True),
        ("某市“十五五”教育发展规划", True),
        ("某市2026年教育 工作计划", True),
        ("《某市2026年工作要点》解读", False),
        ("教育行动计划项目招标公告", False),
        ("某市教育局召开会议", False),
    ],
)
def test_default_match_takes_work_plans(title: str, taken: bool) -> None:
    from crawler.sources.schema import MatchRules

    assert MatchRules().takes(title) is taken


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "huge.yaml").write_text("# " + "x" * (1 << 20), encoding="utf-8")
    told = [str(error) for error in catalogue.load(tmp_path).errors]
    assert len(told) == 3
    assert sum("is not a file" in line for line in told) == 2
    assert sum("is larger than 256 KB" in line for line in told) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: one\n---\nid: two\nname: a\nname: b\n", "line 5, column 1: the key 'name' stands here twice"),
        (
            "- id: one\n  kind: mirror\n  kind: official\n",
            "line 3, column 3: the key 'kind' stands here twice",
        ),
        (
            "id: one\n---\nid: !!python/object/apply:os.getcwd []\n",
            "line 3, column 5: could not determine a constructor",
        ),
        ("[" * 100_000, "line 1, column 41: nested too deeply"),
    ],
)
def test_a_file_of_several_sources_is_read_as_strictly_as_one(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "several.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        importing.read(path, {})
    assert f"{path}: {said}" in str(caught.value)
