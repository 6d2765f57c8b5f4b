"""The rooms' arrows point one way, and what must be pure is: read from the imports themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "store": {"store"},
    "crawler": {"crawler", "store"},
    "notify": {"notify", "store"},
    "scheduler": {"scheduler", "notify", "crawler", "store"},
    "web": {"web", "notify", "crawler", "store"},
    "demo": {"demo", "scheduler", "notify", "crawler", "store"},
}
ROOMS = {*MAY_IMPORT, "yaodian"}
IMPURE = {
    "sqlalchemy",
    "scrapy",
    "socket",
    "urllib.request",
    "store.models",
    "store.database",
    "store.archive",
    "time",
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_lies_below(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        reached = {name.split(".")[0] for name in imports(path)} & ROOMS
        assert reached <= MAY_IMPORT[room], path


PURE = [
    *sorted((ROOT / "crawler" / "extraction").glob("*.py")),
    *sorted((ROOT / "crawler" / "listings").glob("*.py")),
    *sorted((ROOT / "crawler" / "attachments").glob("*.py")),
]
PURE += [
    ROOT / "store" / name
    for name in (
        "diff.py",
        "alignment.py",
        "matching.py",
        "reading.py",
        "spans.py",
        "marks.py",
        "normal.py",
        "likeness.py",
        "series.py",
        "reprints.py",
        "flow.py",
        "search/tokens.py",
        "search/syntax.py",
    )
]


PURE += [
    ROOT / "notify" / name
    for name in (
        "digests.py",
        "folding.py",
        "headline.py",
        "links.py",
        "mail.py",
        "news.py",
        "plain.py",
        "words.py",
    )
]


@pytest.mark.parametrize("path", PURE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_pure_reaches_neither_database_nor_network(path: Path) -> None:
    assert not imports(path) & IMPURE


def test_no_name_of_ours_is_taken_by_a_dependency() -> None:
    """`store`, `crawler` and `scheduler` are names that other packages install too."""
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    for room in (*MAY_IMPORT, "yaodian"):
        assert set(owners.get(room, ["yaodian"])) == {"yaodian"}
