"""The cases of the mutation suite: a page before, a page after, and what must be told of it. Deterministic by seed."""

from __future__ import annotations

import datetime as dt
import html
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.mutation_edits import EDITS
from bench.mutation_noise import NOISES, REDESIGN, disturbed
from bench.mutation_pages import LAYOUTS, SHARED, Print, Sheet, capture, sheets
from bench.mutation_words import Edit, Editor, Expected, Told
from crawler.extraction import decode
from crawler.extraction.charset import header_charset
from demo.content import SITES, Content, load_content
from demo.replies import Reply
from demo.timeline import Event
from store.flow import Capture
from store.normal import normalise

AT = Capture(
    "http://www.example.gov.cn/zwgk/jyjh/202603/t20260302_1031.html",
    200,
    (("Content-Type", "text/html"),),
    b"",
    dt.datetime(2026, 3, 3, tzinfo=dt.UTC),
)
WRAPPING = {"re-wrapped paragraphs", "hard line breaks", "joined paragraphs"}
# Edits that say where a paragraph ends: under noise that does so too nobody could tell them apart.
CUTTING = {"item split", "items merged"}
SHORT = 2  # up to this size only a part of the sample web, and no real pages


@dataclass(frozen=True, slots=True)
class Case:
    """`lines` are the document's before and after, as printed; `loose` where a page cuts them otherwise, so that
    an item may be told in several, or in the words of a longer paragraph. `fields_may_differ` where the new page
    prints other metadata."""

    kind: str
    name: str
    before: Capture
    after: Capture
    expected: Expected
    lines: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    loose: bool = False
    fields_may_differ: bool = False


def cases(seed: int, size: int) -> Iterator[Case]:
    """`size` 1 is the short form, every kind on a few pages; the whole suite is about 20."""
    chance = random.Random(seed)
    known = sheets()
    yield from _noises(known, chance, size)
    yield from _combined(known, chance, 3 * size)
    yield from _edits(known, chance, size, 0)
    yield from _edits(known, chance, size, 4)
    yield from _demo(chance, size)
    yield from _real(chance, size)


def _pick(known: Sequence[Sheet], chance: random.Random) -> tuple[Sheet, Print]:
    return chance.choice(known), Print(chance.choice(list(LAYOUTS)))


def _case(
    kind: str,
    start: tuple[Sheet, Print],
    edit: Edit,
    noises: tuple[str, ...],
    chance: random.Random,
) -> Case:
    sheet, printed = start
    after, print_after = disturbed(edit.sheet, printed, noises, chance)
    return Case(
        kind,
        f"{sheet.name}/{printed.layout}: {', '.join(noises) or 'no noise'}",
        capture(sheet, printed, AT),
        capture(after, print_after, AT),
        edit.expected,
        (sheet.lines, edit.sheet.lines),
        loose=bool(WRAPPING & set(noises)),
        fields_may_differ=REDESIGN in noises,
    )


def _noises(known: Sequence[Sheet], chance: random.Random, size: int) -> Iterator[Case]:
    for name in NOISES:
        for _ in range(size):
            sheet, printed = _pick(known, chance)
            if name.startswith("attachments"):
                sheet = chance.choice([other for other in known if other.files])
            yield _case(f"noise: {name}", (sheet, printed), Edit(sheet), (name,), chance)


def _combined(known: Sequence[Sheet], chance: random.Random, count: int) -> Iterator[Case]:
    for _ in range(count):
        start = _pick(known, chance)
        names = tuple(chance.sample(list(NOISES), chance.randint(2, 12)))
        yield _case("noise: several kinds", start, Edit(start[0]), names, chance)


def _edits(known: Sequence[Sheet], chance: random.Random, size: int, most: int) -> Iterator[Case]:
    kind = "edit under noise" if most else "edit"
    for name, edit in EDITS.items():
        made = 0
        while made < size:
            start = _pick(known, chance)
            done = edit(start[0], chance)
            if done is None:
                continue
            made += 1
            usable = [n for n in NOISES if not (name in CUTTING and n in WRAPPING)]
            noises = tuple(chance.sample(usable, chance.randint(1, most))) if most else ()
            yield _case(f"{kind}: {name}", start, done, noises, chance)


# ── the sample web ──

_BODY_ONLY = (
    "digit",
    "word",
    "sentence removed",
    "item added",
    "item removed",
    "item moved across sections",
    "items swapped",
    "section renamed",
)


def _demo(chance: random.Random, size: int) -> Iterator[Case]:
    content = load_content()
    for site in SITES:
        yield from _demo_noise(content, site, size)
    events = [
        event for day in content.timeline.days.values() for event in day.events if event.op == "publish"
    ]
    for event in events[: 4 * size]:
        for name in _BODY_ONLY if size > SHORT else _BODY_ONLY[:2]:
            case = _demo_edit(content, event, EDITS[name], name, chance)
            if case:
                yield case


def _demo_noise(content: Content, site: str, size: int) -> Iterator[Case]:
    days = ((1, 2), (3, 4))
    for first, second in days:
        before, after = content.replies(site, first), content.replies(site, second)
        documents = content.documents(site, first)
        for document in documents if size > SHORT else documents[:2]:
            if document.path in after:
                yield Case(
                    "noise: sample web, next day",
                    f"{site}{document.path}: day {first} and {second}",
                    _captured(before[document.path]),
                    _captured(after[document.path]),
                    Expected(),
                    (document.text, document.text),
                    fields_may_differ=second == 4,
                )


def _demo_edit(content: Content, event: Event, edit: Editor, name: str, chance: random.Random) -> Case | None:
    site, plan = SITES[event.site], content.plans[event.plan]
    sheet = Sheet(plan.slug, plan.title, plan.publisher, "", "", (), plan.body)
    done = edit(sheet, chance)
    if done is None:
        return None
    captures, lines = [], []
    days = chance.sample(sorted(content.timeline.days), 2)
    first = content.timeline.days[1].date
    for body, number in zip((plan.body, done.sheet.body), days, strict=True):
        document = site.of_plan(replace(event, attachment=""), replace(plan, body=body))
        captures.append(_captured(site.pages([document], content.day(number), first)[document.path]))
        lines.append(document.text)
    return Case(
        f"edit on the sample web: {name}",
        f"{event.site}/{plan.slug}: day {days[0]} and {days[1]}",
        captures[0],
        captures[1],
        done.expected,
        (lines[0], lines[1]),
        fields_may_differ=4 in days,
    )


def _captured(reply: Reply) -> Capture:
    return replace(AT, headers=(("Content-Type", reply.content_type),), body=reply.body)


# ── labelled pages of real sites, where they lie beside the project ──

_ATTACHED = re.compile(r"附件：(.+)")
_TEXT = re.compile(r">([^<>&]*[\u4e00-\u9fff][^<>&]*)<")


def _swapped_bytes(page: str, chance: random.Random) -> str:
    return page


def _scripted(page: str, chance: random.Random) -> str:
    return re.sub(r"</body>", f"<script>var t={chance.random()}</script></body>", page, flags=re.I)


def _counted(page: str, chance: random.Random) -> str:
    return re.sub(
        r"(<body[^>]*>)",
        lambda m: (
            f"{m[1]}<div>今天是2026年5月{chance.randint(1, 28)}日 星期三 您是第{chance.randint(1, 99999)}位访问者</div>"
        ),
        page,
        count=1,
        flags=re.I,
    )


def _footed(page: str, chance: random.Random) -> str:
    line = (
        f"<div class=foot><p>版权所有：某市教育局　某ICP备{chance.randint(10**7, 10**8)}号</p></div></body>"
    )
    return re.sub(r"</body>", line, page, count=1, flags=re.I)


def _spanned(page: str, chance: random.Random) -> str:
    head, body, rest = page.partition("<body")
    return (
        head
        + body
        + _TEXT.sub(lambda m: f"><span>{m[1]}</span><" if chance.random() < 0.3 else m[0], _guarded(rest))
        .replace("\ue000", ">")
        .replace("\ue001", "<")
    )


def _guarded(page: str) -> str:
    """Scripts, styles, titles and comments out of the reach of what is done to words."""
    return re.sub(
        r"<(script|style|title|textarea|select)\b.*?</\1>|<!--.*?-->",
        lambda m: m[0].replace(">", "\ue000").replace("<", "\ue001"),
        page,
        flags=re.S | re.I,
    )


_REAL: dict[str, Callable[[str, random.Random], str]] = {
    "charset": _swapped_bytes,
    "script": _scripted,
    "clock and counter": _counted,
    "footer": _footed,
    "spans": _spanned,
}


def _real(chance: random.Random, size: int) -> Iterator[Case]:
    labels = SHARED / "pages" / "articles.jsonl"
    if size <= SHORT or not labels.exists():
        return
    for label in map(json.loads, labels.read_text(encoding="utf-8").splitlines()):
        body = (SHARED / "pages" / label["file"]).read_bytes()
        at = replace(AT, url=label["url"] or AT.url, body=body)
        page, _ = decode(body, header_charset("text/html"), None)
        for name, change in _REAL.items():
            yield _real_case(f"noise on real pages: {name}", label, at, change(page, chance), Expected())
        for _ in range(3):
            told, edited = _real_edit(page, label["text"].split("\n"), chance)
            if told:
                noise = chance.choice(list(_REAL.values()))
                named = _ATTACHED.match(told.new or "")
                expected = Expected(
                    ((told,),), attachments=(("edited", normalise(named[1])),) if named else ()
                )
                yield _real_case("edit on real pages: digit", label, at, edited, expected)
                yield _real_case(
                    "edit under noise on real pages: digit", label, at, noise(edited, chance), expected
                )


def _real_case(kind: str, label: dict[str, object], at: Capture, page: str, expected: Expected) -> Case:
    """The changed page is sent in UTF-8, said by the header, whatever it was before."""
    after = replace(
        at, headers=(("Content-Type", "text/html; charset=utf-8"),), body=page.encode("utf-8", "replace")
    )
    return Case(kind, str(label["file"]), at, after, expected, loose=True)


def _real_edit(page: str, lines: Sequence[str], chance: random.Random) -> tuple[Told | None, str]:
    """A digit of the labelled text, where the markup leaves its neighbours together and they stand there once."""
    places = [
        (line, m.start())
        for line in lines
        for m in re.finditer(r"(?<=[\u4e00-\u9fff\d])\d(?=[\u4e00-\u9fff])", line)
    ]
    chance.shuffle(places)
    for line, at in places:
        words = line[max(0, at - 7) : at + 6]
        if len(words) < 13 or page.count(words) != 1 or html.escape(words) != words:
            continue
        ahead = _guarded(page).partition(words)[0]
        if max(ahead.rfind(mark) for mark in "<\ue001\ue000") > ahead.rfind(">"):
            continue  # it stands in an attribute or a script
        digit = chance.choice([d for d in "123456789" if d != line[at]])
        changed = words[:7] + digit + words[8:]
        new = line[:at] + digit + line[at + 1 :]
        return Told("edited", line, new, 1, 1), page.replace(words, changed)
    return None, page
