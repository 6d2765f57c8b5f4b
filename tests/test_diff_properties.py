"""What holds of the differences and patches of all outlines, also of those that no plan has, and in which time."""

from __future__ import annotations

import dataclasses
import random
import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from outlines import PLAN, edited, marked, plan, told

from store.diff import diff_outlines
from store.flow import Attachment, Metadata, Node, Page, Period, walk
from store.normal import normalise, wording
from store.patches import apply, apply_steps, delta, steps_between
from store.reading import read

WORDS = (
    "教育工作要点加强推进学校改革完善师资课程体美劳德智家长乡村县城质量评价督导安全卫生经费投入机制条件布局"
)


def sentence(chance: random.Random, size: int) -> str:
    return "".join(chance.choice(WORDS) for _ in range(size)) + f"{chance.randrange(10, 100)}%。"


def random_plan(chance: random.Random) -> tuple[Node, ...]:
    """Sections with paragraphs and items, numbered through the document."""
    sections = []
    count = 0
    for section in range(chance.randrange(1, 5)):
        paragraphs = [sentence(chance, 30) + sentence(chance, 20) for _ in range(chance.randrange(3))]
        children = [Node(None, 2, None, words) for words in paragraphs]
        for _ in range(chance.randrange(1, 6)):
            count += 1
            words = sentence(chance, 8) + sentence(chance, 40) + sentence(chance, chance.randrange(60))
            children.append(Node(f"{count}.", 2, words.split("。")[0], words))
        heading = "".join(chance.choice(WORDS) for _ in range(8))
        sections.append(Node(f"{'一二三四五'[section]}、", 1, heading, heading, tuple(children)))
    return tuple(sections)


def retyped(text: str, chance: random.Random) -> str:
    wide = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789%" if chance.random() < 0.5}
    return "".join(c + chance.choice(["", "", "", " ", "\u3000", "\u200b"]) for c in text.translate(wide))


def rewrapped(outline: tuple[Node, ...], chance: random.Random) -> tuple[Node, ...]:
    """Other widths, blanks and ends of paragraphs, the same words."""
    nodes: list[Node] = []
    for node in outline:
        text = retyped(node.text, chance)
        label = node.label and chance.choice([node.label, node.label.replace(".", "．"), f" {node.label}"])
        rest: tuple[Node, ...] = ()
        if chance.random() < 0.3 and len(text) > 20:
            at = chance.randrange(5, len(text) - 5)
            text, rest = text[:at], (Node(None, node.level, None, text[at:]),)
        last = nodes[-1] if nodes else None
        if label is None and last and not last.children and chance.random() < 0.3:
            nodes[-1] = dataclasses.replace(last, text=last.text + text)
        else:
            nodes.append(dataclasses.replace(node, label=label, text=text))
        if node.children:
            nodes[-1] = dataclasses.replace(nodes[-1], children=(*rest, *rewrapped(node.children, chance)))
        else:
            nodes += rest
    return tuple(nodes)


def rebuilt(outline: tuple[Node, ...], old: Node, *new: Node) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for node in outline:
        nodes.extend(
            new if node == old else [dataclasses.replace(node, children=rebuilt(node.children, old, *new))]
        )
    return tuple(nodes)


chances = st.integers(0, 2**32).map(random.Random)


@given(chances)
@settings(deadline=None)
def test_any_noise_is_no_change(chance: random.Random) -> None:
    outline = random_plan(chance)
    assert diff_outlines(outline, outline) == ()
    assert diff_outlines(outline, rewrapped(outline, chance)) == ()
    assert diff_outlines(rewrapped(outline, chance), rewrapped(outline, chance)) == ()


@given(chances)
@settings(deadline=None)
def test_any_digit_is_found_in_any_noise(chance: random.Random) -> None:
    outline = random_plan(chance)
    path, node = chance.choice([(path, node) for path, node in walk(outline) if not node.children])
    at = chance.choice([m.start() for m in re.finditer(r"\d", node.text)])
    digit = chance.choice([d for d in "0123456789" if d != node.text[at]])
    after = rebuilt(
        outline, node, dataclasses.replace(node, text=node.text[:at] + digit + node.text[at + 1 :])
    )
    (item,) = diff_outlines(outline, after)
    assert told([item]) == [("edited", path, path)]
    assert len(item.old_spans) <= 1 >= len(item.new_spans)
    assert all(span.end - span.start == 1 for span in (*item.old_spans, *item.new_spans))
    (item,) = diff_outlines(outline, rewrapped(after, chance))
    assert (item.op, item.old_path) == ("edited", path)
    assert all(span.end - span.start == 1 for span in (*item.old_spans, *item.new_spans))


@given(chances)
@settings(deadline=None)
def test_any_removed_added_or_moved_item_is_named_alone(chance: random.Random) -> None:
    outline = random_plan(chance)
    items = [(path, node) for path, node in walk(outline) if node.label and not node.children]
    path, node = chance.choice(items)
    without = rebuilt(outline, node)
    assert told(diff_outlines(outline, without)) == [("removed", path, None)]
    assert told(diff_outlines(without, outline)) == [("added", None, path)]
    assert told(diff_outlines(outline, rewrapped(without, chance))) == [("removed", path, None)]
    _, neighbour = chance.choice(items)
    if neighbour != node:
        order = [node, neighbour] if chance.random() < 0.5 else [neighbour, node]
        found = told(diff_outlines(outline, rebuilt(without, neighbour, *order)))
        assert [op for op, *_ in found] in ([], ["moved"])


@given(chances)
@settings(deadline=None)
def test_renumbering_alone_is_renumbering(chance: random.Random) -> None:
    outline = random_plan(chance)
    sections = tuple(
        dataclasses.replace(section, children=tuple(
            dataclasses.replace(node, label=node.label and f"{int(node.label[:-1]) + 1}.") for node in section.children
        ))
        for section in outline
    )  # fmt: skip
    found = diff_outlines(outline, sections)
    assert {item.op for item in found} == {"renumbered"}
    assert len(found) == sum(node.label is not None for section in outline for node in section.children)


texts = st.text("甲乙丙。；12 　…", max_size=12)
labels = st.sampled_from([None, "1.", "2．", "（一）"])
nodes = st.recursive(
    st.builds(Node, labels, st.just(1), st.none(), texts),
    lambda inner: st.builds(
        Node, labels, st.just(1), st.none(), texts, st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=12,
)
outlines = st.lists(nodes, max_size=5).map(tuple)


def said(outline: tuple[Node, ...]) -> str:
    return wording((line.number, line.text) for line in read(outline).lines)


@given(outlines, outlines)
@settings(max_examples=300, deadline=None)
def test_the_patch_makes_the_new_version_of_the_old_one(old: tuple[Node, ...], new: tuple[Node, ...]) -> None:
    assert apply_steps(steps_between(old, new), old) == new


pages = st.builds(
    Page,
    st.just("https://www.example.gov.cn/1.html"),
    st.none() | texts,
    st.text("甲乙丙。；12 　…\n", max_size=20),
    st.builds(Metadata, publisher=st.none() | texts, period=st.none() | st.just(Period(2026, 2030))),
    outlines,
    st.lists(st.builds(Attachment, texts, texts), max_size=3).map(tuple),
)


@given(pages, pages)
@settings(deadline=None)
def test_a_patch_makes_a_page_of_the_one_before_it(old: Page, new: Page) -> None:
    assert apply(delta(old, new), old) == new


def test_a_patch_says_only_what_is_new() -> None:
    after = plan(edited(("95%", "96%"), ("重点任务", "主要任务")))
    told = [
        piece for step in steps_between(plan(PLAN), after) for piece in step.pieces if isinstance(piece, str)
    ]
    assert told == ["6", "主要"]


@given(outlines, outlines)
@settings(max_examples=300, deadline=None)
def test_a_change_is_told_when_and_only_when_the_wording_differs(
    old: tuple[Node, ...], new: tuple[Node, ...]
) -> None:
    found = diff_outlines(old, new)
    assert bool(found) == (said(old) != said(new))
    for item in found:
        for text, spans in ((item.old, item.old_spans), (item.new, item.new_spans)):
            bounds = [bound for span in spans for bound in (span.start, span.end)]
            assert bounds == sorted(set(bounds))
            assert not bounds or (text is not None and bounds[-1] <= len(text))
            assert all(text and normalise(text[s.start]) and normalise(text[s.end - 1]) for s in spans)


# --- time ---


def _steps(size: int, chance: random.Random) -> tuple[Node, ...]:
    return tuple(Node(f"{k}.", 1, None, sentence(chance, 100)) for k in range(1, size + 1))


def test_a_long_plan_takes_milliseconds() -> None:
    """14 000 characters; the goal is 10 ms on a quiet machine, the bound leaves room for a busy one."""
    before = _steps(135, random.Random(1))
    nodes = [dataclasses.replace(node, text=node.text.replace("1", "2")) for node in before]
    after = (*nodes[:40], *nodes[60:70], *nodes[40:60], *nodes[70:])
    diff_outlines(before, after)
    start = time.process_time()
    diff_outlines(before, after)
    assert time.process_time() - start < 0.1


def test_an_outline_that_no_plan_has_is_still_compared() -> None:
    chance = random.Random(2)
    start = time.process_time()
    assert len(diff_outlines(_steps(5000, chance), _steps(5000, chance))) == 10_000
    huge = "".join(sentence(chance, 9) for _ in range(20_000))
    edit = huge[:100_000] + "改" + huge[100_001:]
    (item,) = diff_outlines((Node(None, 1, None, huge),), (Node(None, 1, None, edit),))
    assert marked(item)[1] == ["改"]
    other = "".join(sentence(chance, 9) for _ in range(20_000))
    diff_outlines((Node(None, 1, None, huge),), (Node("1.", 1, None, other),))
    assert time.process_time() - start < 20
