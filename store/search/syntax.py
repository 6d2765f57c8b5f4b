"""What a reader's query means: words, "phrases", OR, -not and 文号, made into a tree. Pure, and never an error.

    双减 课后服务           both, in any order
    "hello world"           these words in a row (a Chinese word without blanks is a phrase as it is)
    双减 OR 课后服务         either; also | and 或. OR binds closer than the blank
    -奥数                   without; also NOT 奥数
    渝教发〔2022〕18号        a 文号, whichever brackets it is typed with

What can't be meant is read as it was most likely meant: a quote that has no other half is no quote, an OR that
has nothing on a side is left out, punctuation alone is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from store.search.tokens import spaced, tokens

# Nobody types more; what is longer is cut, not refused.
LONGEST_QUERY = 2000
MOST_PHRASES = 32

_QUOTES = '"“”„‟＂「」『』〝〞'
_DASHES = "-－−–"
_WHETHER = {"OR": "or", "|": "or", "||": "or", "｜": "or", "或": "or", "NOT": "not", "AND": "and", "&": "and"}
# 渝教发〔2022〕18号 with any brackets, also with the blanks that a copy brought along; and 渝教发2022-18号.
_SERIAL = r"((?:第\s*)?\d{1,5}\s*号)"
_NUMBERS = (
    re.compile(
        r"([\u4e00-\u9fff]{2,14})\s*[〔\[【（(﹝［〖]\s*((?:19|20)\d\d)\s*[〕\]】）)﹞］〗]\s*" + _SERIAL
    ),
    re.compile(r"([\u4e00-\u9fff]{2,14})((?:19|20)\d\d)[-—－]?" + _SERIAL),
)
_NUMBER = re.compile(r"([\u4e00-\u9fff]{2,14}〔\d{4}〕第?\d{1,5}号)")
# What ends a sentence, a clause or a bracket separates words; what stands within 1+X or 4.5% does not.
_BETWEEN = re.compile(r"[，。；、！？：…,;!?:()（）\[\]［］【】〔〕﹝﹞{}<>《》〈〉*^~\\]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row; `text` is how the reader wrote them, `is_quoted` whether as these very words."""

    words: tuple[str, ...]
    text: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    part: Tree


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Tree, ...]


Tree = Phrase | Not | And | Or


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What stands between two blanks; an operator when it was not quoted and is one."""

    text: str
    is_quoted: bool
    is_excluded: bool


def parse(query: str) -> Tree | None:
    """The tree of a query; None when there is nothing to look for in it."""
    alternatives: list[list[Tree]] = []
    joins = negates = False
    phrases = 0
    for chunk in _chunks(_with_numbers(query[:LONGEST_QUERY])):
        operator = None if chunk.is_quoted or chunk.is_excluded else _WHETHER.get(chunk.text)
        if operator is not None:
            joins = joins or operator == "or"
            negates = negates or operator == "not"
            continue
        parts = list(_phrases(chunk))[: MOST_PHRASES - phrases]
        if not parts:
            continue
        phrases += len(parts)
        meant: Tree = parts[0] if len(parts) == 1 else And(tuple(parts))
        if chunk.is_excluded or negates:
            meant = Not(meant)
        if joins and alternatives:
            alternatives[-1].append(meant)
        else:
            alternatives.append([meant])
        joins = negates = False
    return _joined(alternatives)


def matches(tree: Tree | None, text: str) -> bool:
    """Whether a text is meant by a query; every text is by an empty one. What search finds, this finds."""
    return holds(tree, searchable(text))


def searchable(text: str) -> str:
    """A text as `holds` takes it, for a text that many queries are put to."""
    return f" {spaced(text)} "


def holds(tree: Tree | None, words: str) -> bool:
    """Whether a text, made `searchable`, is meant by a query."""
    return tree is None or _holds(tree, words)


def phrases(tree: Tree | None) -> list[Phrase]:
    """What is looked for, in the query's order: the phrases that are not excluded."""
    if tree is None or isinstance(tree, Not):
        return []
    if isinstance(tree, Phrase):
        return [tree]
    return [phrase for part in tree.parts for phrase in phrases(part)]


def _holds(tree: Tree, words: str) -> bool:
    if isinstance(tree, Phrase):
        return " ".join(["", *tree.words, ""]) in words
    if isinstance(tree, Not):
        return not _holds(tree.part, words)
    held = (_holds(part, words) for part in tree.parts)
    return all(held) if isinstance(tree, And) else any(held)


def _joined(alternatives: list[list[Tree]]) -> Tree | None:
    parts = tuple(among[0] if len(among) == 1 else Or(tuple(among)) for among in alternatives)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(parts)


def _with_numbers(query: str) -> str:
    for pattern in _NUMBERS:
        query = pattern.sub(lambda found: re.sub(r"\s", "", f"{found[1]}〔{found[2]}〕{found[3]}"), query)
    return query


def _balanced(query: str) -> str:
    """Without the last quote, where it has no other half."""
    quotes = [at for at, char in enumerate(query) if char in _QUOTES]
    return query[: quotes[-1]] + query[quotes[-1] + 1 :] if len(quotes) % 2 else query


def _chunks(query: str) -> Iterator[_Chunk]:
    """Split at blanks outside quotes. Quoted and unquoted text without a blank between is one chunk: “双师型”教师."""
    text, is_open, is_quoted, is_excluded = "", False, False, False
    for char in _balanced(query) + " ":
        if char in _QUOTES:
            is_open, is_quoted = not is_open, True
        elif char.isspace() and not is_open:
            if text.strip():
                yield _Chunk(text.strip(), is_quoted, is_excluded)
            text, is_quoted, is_excluded = "", False, False
        elif char in _DASHES and not text.strip() and not is_quoted:
            is_excluded = True
        else:
            text += char
    if text.strip():
        yield _Chunk(text.strip(), is_quoted, is_excluded)


def _phrases(chunk: _Chunk) -> Iterator[Phrase]:
    texts = [chunk.text]
    if not chunk.is_quoted:
        texts = [
            text
            for part in _NUMBER.split(chunk.text)
            for text in ([part] if _NUMBER.fullmatch(part) else _BETWEEN.split(part))
        ]
    for text in texts:
        if words := tuple(tokens(text)):
            yield Phrase(words, text.strip(), chunk.is_quoted)
