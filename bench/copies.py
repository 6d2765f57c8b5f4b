"""What mirrors do to plans, and what only looks like a copy: texts made of a plan for measuring how they are linked."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from opencc import OpenCC

Lines = list[str]
_TRADITIONAL = OpenCC("s2t")
Damage = Callable[[Lines, random.Random], Lines]

_PLACE = re.compile(r"[\u4e00-\u9fff]{2}(?:市|县|区|省|自治区|乡|镇)")
_YEAR = re.compile(r"20\d\d(?=年)")
_QUOTES = re.compile('[“”‘’"《》]')
_SYNONYMS = {
    "加强": "强化",
    "推进": "推动",
    "提高": "提升",
    "完善": "健全",
    "开展": "进行",
    "建立": "设立",
    "组织": "安排",
    "落实": "贯彻",
    "重点": "着重",
    "全面": "全方位",
}
INTRO = (
    "下面是小编为大家整理的工作要点，供大家参考。",
    "工作要点是对一定时期的工作作出安排的文种，撰写时应当任务明确、措施具体，以下范文希望能对您有所帮助。",
)
OUTRO = (
    "推荐访问第1篇：学期工作总结范文大全",
    "推荐访问第2篇：年度述职报告模板精选",
    "推荐访问第3篇：心得体会优秀范文合集",
    "本文由网友投稿上传，版权归原作者所有，如有侵权请联系客服删除，谢谢您的理解与支持。",
    "本站隐私声明：我们重视您的个人信息，未经您的同意不会向第三方提供，您可以随时申请查询更正或者删除。",
)


def starred(lines: Lines, chance: random.Random) -> Lines:
    return [_PLACE.sub(lambda _: chance.choice(("*市", "**县", "XX", "某某")), line) for line in lines]


def digits_starred(lines: Lines, chance: random.Random) -> Lines:
    return [re.sub(r"\d+", "**", line) for line in lines]


def digits_dropped(lines: Lines, chance: random.Random) -> Lines:
    return [re.sub(r"\d", lambda d: "" if chance.random() < 0.3 else d[0], line) for line in lines]


def characters_dropped(lines: Lines, chance: random.Random) -> Lines:
    """One character in fifty."""
    return ["".join(c for c in line if chance.random() >= 0.02) for line in lines]


def quotes_dropped(lines: Lines, chance: random.Random) -> Lines:
    return [_QUOTES.sub("", line) for line in lines]


def years_replaced(lines: Lines, chance: random.Random) -> Lines:
    """The mill's wish to look fresh: every year is this year."""
    return [_YEAR.sub("2026", line) for line in lines]


def framed(lines: Lines, chance: random.Random) -> Lines:
    return [*INTRO, *lines, *OUTRO]


def excerpt(lines: Lines, chance: random.Random) -> Lines:
    return _share(lines, 0.0, 0.6)


def single_page(lines: Lines, chance: random.Random) -> Lines:
    page = chance.randrange(3)
    return _share(lines, page / 3, (page + 1) / 3)


def merged(lines: Lines, chance: random.Random) -> Lines:
    return ["".join(lines[i : i + 4]) for i in range(0, len(lines), 4)]


def spun(lines: Lines, chance: random.Random) -> Lines:
    """A word spinner that exchanges half of the words that it knows."""
    pattern = re.compile("|".join(_SYNONYMS))
    return [pattern.sub(lambda m: _SYNONYMS[m[0]] if chance.random() < 0.5 else m[0], line) for line in lines]


def traditional(lines: Lines, chance: random.Random) -> Lines:
    return _TRADITIONAL.convert("\n".join(lines)).split("\n")


def renamed(lines: Lines, chance: random.Random) -> Lines:
    """Names and years gone: what a starred template looks like."""
    return [_YEAR.sub("****", line) for line in starred(lines, chance)]


def all_together(lines: Lines, chance: random.Random) -> Lines:
    for damage in (starred, quotes_dropped, digits_dropped, characters_dropped, spun, merged, framed):
        lines = damage(lines, chance)
    return lines


def spun_without_figures(lines: Lines, chance: random.Random) -> Lines:
    for damage in (renamed, digits_starred, spun, excerpt, framed):
        lines = damage(lines, chance)
    return lines


DAMAGES: tuple[Damage, ...] = (
    starred,
    digits_starred,
    digits_dropped,
    characters_dropped,
    quotes_dropped,
    years_replaced,
    framed,
    excerpt,
    single_page,
    merged,
    spun,
    traditional,
    renamed,
    all_together,
    spun_without_figures,
)


def copies(lines: Lines, chance: random.Random) -> Iterator[tuple[str, Lines]]:
    """Every kind of copy of one plan, by name."""
    for damage in DAMAGES:
        yield damage.__name__, damage(list(lines), chance)


def _share(lines: Lines, start: float, end: float) -> Lines:
    whole = sum(map(len, lines))
    kept, at = [], 0
    for line in lines:
        if start * whole <= at < end * whole:
            kept.append(line)
        at += len(line)
    return kept


# ── look-alikes ──


def next_year(lines: Lines, other: Lines, chance: random.Random, kept: float) -> Lines:
    """The same body's plan of another year: a share of the items stays, with other figures; the rest is new."""
    made = []
    for line in _sentences(lines):
        if chance.random() < kept:
            made.append(refigured(_YEAR.sub(lambda y: str(int(y[0]) + 1), line), chance))
        else:
            made.append(chance.choice(other))
    return made


def template_of_another_city(lines: Lines, other: Lines, chance: random.Random, kept: float) -> Lines:
    """Another body's plan from the same template: other names, other figures, some items of its own."""
    made = [
        refigured(_PLACE.sub("安岭县", line), chance) if chance.random() < kept else chance.choice(other)
        for line in _sentences(lines)
    ]
    return [re.sub(r"^\d+[.．、]", "", line) for line in made]


def _sentences(lines: Lines) -> Lines:
    return [sentence for line in lines for sentence in re.split("(?<=。)", line) if sentence]


def patchwork(sources: list[Lines], chance: random.Random) -> Lines:
    lines = [line for source in sources for line in source]
    return chance.sample(lines, min(len(lines), 40))


def refigured(line: str, chance: random.Random) -> str:
    """Other figures, years and the item's own number excepted."""

    def other(found: re.Match[str]) -> str:
        return str(int(found[0]) + chance.randint(1, 9)) if chance.random() < 0.8 else found[0]

    head = re.match(r"\d+[.．、]", line)
    start = head.end() if head else 0
    return line[:start] + re.sub(r"(?<![\d.])(?!20\d\d年)\d{1,7}(?![\d.])", other, line[start:])
