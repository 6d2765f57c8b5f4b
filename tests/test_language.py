"""Every message of mails and feeds has its English, with the same places to fill; a catalogue needs no step to be used."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from conftest import ROOT

from notify import language, words

PLACES = re.compile(r"%\(\w+\)[a-z]|%%")
OTHERS = [one for one in language.languages() if one != language.SOURCE]


@pytest.fixture(scope="module")
def messages() -> set[str | tuple[str, ...]]:
    """What the code and the templates say, as `make messages` finds it."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        mapping, options = parse_mapping_cfg(file)
    keywords = DEFAULT_KEYWORDS | {"N_": None}
    found = extract_from_dir(
        ROOT, mapping, options, keywords, directory_filter=lambda folder: ".venv" not in folder
    )
    return {message for _, _, message, _, _ in found}


def catalogue(of: str) -> Catalog:
    with (ROOT / "templates" / "locale" / of / "LC_MESSAGES" / "yaodian.po").open("rb") as file:
        return read_po(file, locale=of, abort_invalid=True)


def told(messages: Catalog) -> Iterator[Message]:
    return (message for message in messages if message.id)


def test_there_is_english() -> None:
    assert OTHERS == ["en"]


@pytest.mark.parametrize("of", OTHERS)
def test_no_message_is_without_its_translation(of: str, messages: set[str | tuple[str, ...]]) -> None:
    assert len(messages) > 100
    there = {message.id for message in told(catalogue(of)) if not message.fuzzy}
    assert not messages - there, "run: make messages, and translate what is empty"
    assert not there - messages, "run: make messages"
    for message in told(catalogue(of)):
        for text in message.string if message.pluralizable else [message.string]:
            assert text, message.id


@pytest.mark.parametrize("of", OTHERS)
def test_a_translation_fills_the_same_places(of: str) -> None:
    for message in told(catalogue(of)):
        wanted = set(PLACES.findall(message.id[0] if message.pluralizable else message.id))
        for text in message.string if message.pluralizable else [message.string]:
            assert set(PLACES.findall(text)) == wanted, message.id


def test_a_language_that_there_is_not_is_the_sources() -> None:
    assert language.speech("xx").gettext("新发布") == "新发布"
    assert language.speech("en").gettext("新发布") == "new"


@pytest.mark.parametrize(
    ("preferred", "chosen"),
    [
        (["en-GB", "zh"], "en"),
        (["zh-TW", "en"], "zh"),
        (["de", "fr"], "zh"),
        ([], "zh"),
        (["de", "en"], "en"),
    ],
)
def test_a_reader_gets_the_best_language_that_there_is(preferred: list[str], chosen: str) -> None:
    assert language.chosen(preferred) == chosen


def test_regions_and_counts_speak() -> None:
    assert words.region("210400", "zh") == "辽宁省抚顺市"
    assert words.region("210400", "en") == "Liaoning 抚顺市"
    assert words.counted({"new": 2, "reprints": 1}, "zh") == "新发布 2 份、新转载 1 份"
    assert words.counted({"new": 2, "reprints": 1}, "en") == "2 new, 1 reprint"
