"""What is said of sites and of the service (`store.said`) in the reader's language. The rows hold English sentences; each is found again among
the messages by its words, so that what was kept before a translation came is translated, too.

`templates/locale/<language>/LC_MESSAGES/said.po` holds the translations; `make messages` brings them up to date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter

from babel import Locale
from babel.messages.pofile import read_po

from notify.language import templates

DOMAIN = "said"
# What is said of a page, or of a file in an archive; several of these are told in a row.
_ABOUT = re.compile(r"([^;]+?): (.+)", re.S)
_AND = "; "


@dataclass(frozen=True, slots=True)
class Wording:
    """A message as a pattern of the sentences that it makes, and its translation."""

    pattern: re.Pattern[str]
    translation: str


@lru_cache(maxsize=4096)
def worded(sentence: str, language: str) -> str:
    """The sentence in a language, its parts too where they are messages; what is not known stays as it is."""
    for wording in wordings(language):
        if match := wording.pattern.fullmatch(sentence):
            values = {name: worded(value, language) for name, value in match.groupdict().items()}
            return wording.translation.format(**values)
    if _AND in sentence:
        told = [worded(part, language) for part in sentence.split(_AND)]
        return "；".join(told) if _AND.join(told) != sentence else sentence
    about = _ABOUT.fullmatch(sentence)
    if about and (rest := worded(about[2], language)) != about[2]:
        return f"{about[1]}：{rest}"
    return sentence


@cache
def wordings(language: str) -> tuple[Wording, ...]:
    """All messages that a language has a translation of, those with most words of their own first."""
    path = templates("locale") / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return ()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=Locale.parse(language), domain=DOMAIN)
    told = [(str(message.id), str(message.string)) for message in catalogue if message.id and message.string]
    told.sort(key=lambda pair: -sum(len(words) for words, *_ in Formatter().parse(pair[0])))
    return tuple(Wording(_pattern(message), translation) for message, translation in told)


def _pattern(message: str) -> re.Pattern[str]:
    parts: list[str] = []
    named: set[str] = set()
    for words, name, form, _ in Formatter().parse(message):
        parts.append(re.escape(words))
        if name is not None:
            # A value that is told twice is the same; one with a form is a number.
            value = r"[\d.,%-]+" if form else ".+"
            parts.append(f"(?P={name})" if name in named else f"(?P<{name}>{value})")
            named.add(name)
    return re.compile("".join(parts), re.S)
