"""Mutated and truncated pages: reading them gives a Page, Blocked or Unreadable, in bounded time and memory.

python -m bench.fuzz_extraction [COUNT] [SEED] [FOLDER]    FOLDER: pages to mutate; the tests' example pages by default
"""

from __future__ import annotations

import datetime as dt
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from crawler.extraction import read
from store.errors import Blocked, Unreadable
from store.flow import Capture, Page, walk

EXAMPLES = Path(__file__).parents[1] / "tests" / "examples" / "pages"
MEMORY = 2 << 30
"""Bytes of address space that reading may have."""
LONGEST_S = 20
WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PIECES = tuple(
    piece.encode()
    for piece in (
        *("<div>", "</div>", "<table><tr><td>", "</td>", "<a href='javascript:;'>", "</a>", "<!--", "-->", "<br>"),
        *("<p style='display:none'>", "<script>", "</script>", "<title>", "<body>", "<html>", "<pre>", "<dt>", "<dd>"),
        *("一、", "（一）", "1.", "（1）", "①", "第一章 ", "第一，", "附件：1.", "附件", "2024年3月5日", "二〇二四年三月五日"),
        *("发布时间：", "来源：", "文号：〔〕 号", "云教发〔2024〕7号", "各学校：", "云溪市教育局", "下一页", "404", "&#0;", "&nbsp;"),
        *("\x00", "\ufeff", "\u3000", "\u200b", "𠮷", "<a href='x_2.html'>下一页</a>", "document.write('<a href=\"a.pdf\">b</a>')"),
        *('createPageHTML(3,0,"t1","html")', "wzfj='a.pdf'", "<meta charset=gb2312>", "<video src=a.mp4>", "<img src=a.jpg>"),
    )
)  # fmt: skip
RUNS = (
    "一",
    "1",
    " ",
    "\t",
    "（",
    "二〇",
    "<div>",
    "<b>",
    "关于",
    "局 ",
    "2024年",
    "附件1.",
    "http://a/",
    "&",
    "、",
    "某市教育局、",
)
"""What is repeated some thousand times: patterns that look back and trees that nest."""


class Hang(BaseException):
    """Reading took longer than it may. No Exception: readability-lxml takes each of these for a page it can't read."""


@dataclass
class Tally:
    counts: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: int = -1
    failures: list[tuple[int, str]] = field(default_factory=list)


def corpus(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*.html"))]


def mutate(pages: list[bytes], chance: random.Random) -> bytes:
    """One of the pages with one to eight accidents."""
    body = chance.choice(pages)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        body = chance.choice(ACCIDENTS)(body, pages, chance)
    return body[:2_000_000]


def _slice(body: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(body) + 1)
    return start, min(len(body), start + int(chance.expovariate(1 / 400)))


def _cut(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _drop(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    start, end = _slice(body, chance)
    return body[:start] + body[end:]


def _repeat(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    start, end = _slice(body, chance)
    return body[:end] + body[start:end] * chance.choice((1, 2, 50)) + body[end:]


def _insert(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + b"".join(chance.choices(PIECES, k=chance.randint(1, 6))) + body[place:]


def _run(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.choice(RUNS).encode() * chance.choice((30, 300, 5000)) + body[place:]


def _damage(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 40) if damaged else 0):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _splice(body: bytes, pages: list[bytes], chance: random.Random) -> bytes:
    other = chance.choice(pages)
    return body[: chance.randrange(len(body) + 1)] + other[chance.randrange(len(other) + 1) :]


def _retag(body: bytes, _pages: list[bytes], chance: random.Random) -> bytes:
    tag = chance.choice((b"p", b"div", b"td", b"tr", b"li", b"a", b"script", b"span"))
    return re.sub(
        rb"(</?)" + chance.choice((b"p", b"div", b"tr", b"a")) + rb"(?=[\s>])", rb"\g<1>" + tag, body
    )


ACCIDENTS = (_cut, _drop, _drop, _repeat, _insert, _insert, _run, _damage, _splice, _retag)


def check(page: Page) -> None:
    """Every character of the text is in exactly one node, in the text's order."""
    nodes = "".join((node.label or "") + node.text for _, node in walk(page.outline))
    if re.sub(r"\s", "", nodes) != re.sub(r"\s", "", page.text):
        raise AssertionError("the outline is not the text")
    if not 0 <= page.confidence <= 1:
        raise AssertionError(f"confidence is {page.confidence}")


def outcome(body: bytes) -> str:
    """What reading the bytes came to."""
    capture = Capture(
        "http://jyj.example.gov.cn/a/t20240301_12.html", 200, (("Content-Type", "text/html"),), body, WHEN
    )
    try:
        page = read(capture)
    except Blocked:
        return "blocked"
    except Unreadable:
        return "unreadable"
    check(page)
    return "page"


def fuzz(count: int, seed: int, pages: list[bytes]) -> Tally:
    """Each page has a number, and is made of it and the seed alone."""
    tally = Tally()
    for number in range(count):
        body = mutate(pages, random.Random(f"{seed} {number}"))
        began = time.perf_counter()
        try:
            with _bounded():
                tally.counts[outcome(body)] += 1
        except KeyboardInterrupt:
            break  # what was done until then is told
        except (Exception, Hang):  # noqa: BLE001 - whatever it is, it is what is looked for
            tally.counts["failed"] += 1
            tally.failures.append((number, traceback.format_exc(limit=-3)))
        took = time.perf_counter() - began
        if took > tally.slowest_s:
            tally.slowest_s, tally.slowest = took, number
    return tally


@contextmanager
def _bounded() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"after {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    count, seed = (
        int(word) if word else given
        for word, given in zip((*sys.argv[1:3], "", "")[:2], (10_000, 1), strict=True)
    )
    pages = corpus(Path(sys.argv[3]) if len(sys.argv) > 3 else EXAMPLES)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    began = time.perf_counter()
    tally = fuzz(count, seed, pages)
    print(
        f"{tally.counts.total()} mutations of {len(pages)} pages, seed {seed}, {time.perf_counter() - began:.0f} s:",
        end=" ",
    )
    print(", ".join(f"{number} {what}" for what, number in tally.counts.most_common()))
    print(f"slowest: number {tally.slowest}, {tally.slowest_s:.2f} s")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    for number, trace in tally.failures[:5]:
        print(f"number {number}: {trace}")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
