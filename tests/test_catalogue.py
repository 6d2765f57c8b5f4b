"""The catalogue, and the examples that `sources check` keeps: one test reads them all, so a source needs none of its own."""

from __future__ import annotations

import time
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from conftest import Run

from crawler.sources import catalogue, checking
from demo.web import DemoWeb

BUNDLED = catalogue.bundled()
EXAMPLES = sorted(BUNDLED.glob("*.example"))


def test_what_ships_is_usable_off_until_wanted_and_says_where_its_facts_come_from() -> None:
    found = catalogue.load(BUNDLED)
    assert not found.errors
    assert len(found.sources) > 100
    for source in found.sources.values():
        assert not source.enabled, source.id
        assert source.verified == (BUNDLED / f"{source.id}.example").exists(), source.id
        assert source.facts, source.id


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_reads_as_it_was_kept(folder: Path) -> None:
    got, expected = checking.compare(folder, catalogue.read(folder.with_suffix(".yaml")))
    assert got == expected


@pytest.mark.one_database
def test_from_an_address_to_a_digest(yaodian: Run, data: Path, web: DemoWeb) -> None:
    """As a new user does it: add, check, subscribe, crawl, and read what the digest says."""
    url = web.sources()["demo-longyuan"].split("urls: [")[1].split("]")[0].strip('"')
    began = time.monotonic()
    said = []
    for words in (
        (
            "sources",
            "add",
            url,
            "--id",
            "longyuan",
            "--publisher",
            "陇原市教育局",
            "--region",
            "620000",
            "--yes",
        ),
        ("sources", "check", "longyuan"),
        ("subscribe", "reader@example.org", "--region", "620000"),
        ("subscriptions", "confirm", "1"),
        ("crawl", "longyuan"),
        ("digest", "send", "--all"),
    ):
        ran = yaodian(*words)
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
        if words[1] == "add":  # the site is our own: no need to wait two seconds between its pages
            with (data / "sources" / "longyuan.yaml").open("a", encoding="utf-8") as file:
                file.write("fetch: {delay: 0}\n")
        said.append(f"$ yaodian {' '.join(words)}\n{ran.stdout}")
    said.append(f"{time.monotonic() - began:.1f} s")
    print("\n".join(said))
    mails = [BytesParser(policy=default).parsebytes(p.read_bytes()) for p in (data / "outbox").rglob("*.eml")]
    digests = [
        body for mail in mails if (body := mail.get_body(("plain",))) and "陇原市" in body.get_content()
    ]
    assert digests
    folder = data / "sources" / "longyuan.example"
    source = catalogue.read(data / "sources" / "longyuan.yaml")
    got, expected = checking.compare(folder, source)
    assert got == expected
    assert got["listing"]["entries"]
    (folder / "listing.html").write_text("<ul></ul>", encoding="utf-8")
    changed, expected = checking.compare(folder, source)
    assert changed["listing"] != expected["listing"]
