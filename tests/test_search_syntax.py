"""A query is understood as it was meant, whatever was typed, and what it means is exact."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.search.syntax import And, Not, Or, Phrase, Tree, matches, parse, phrases
from store.search.tokens import SEPARATOR, places, tokens


def told(tree: Tree | None) -> str:
    """A tree as a line: (and …), (or …), (not …), words joined by dots."""
    if tree is None:
        return ""
    if isinstance(tree, Phrase):
        return ".".join(tree.words)
    if isinstance(tree, Not):
        return f"(not {told(tree.part)})"
    return f"({'and' if isinstance(tree, And) else 'or'} {' '.join(map(told, tree.parts))})"


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("双减", "双.减"),
        ("双减 课后服务", "(and 双.减 课.后.服.务)"),
        ("双减\u3000课后", "(and 双.减 课.后)"),
        ("双减 OR 课后 内蒙古", "(and (or 双.减 课.后) 内.蒙.古)"),
        ("双减 | 课后 或 延时", "(or 双.减 课.后 延.时)"),
        ("双减 -培训", "(and 双.减 (not 培.训))"),
        ("双减 －“校外 培训”", "(and 双.减 (not 校.外.培.训))"),
        ("双减 NOT 培训", "(and 双.减 (not 培.训))"),
        ("-培训", "(not 培.训)"),
        ('"Hello World" steam', "(and hello.world steam)"),
        ("“双师型”教师", "双.师.型.教.师"),
        ("双减，课后服务。", "(and 双.减 课.后.服.务)"),
        ("《义务教育法》", "义.务.教.育.法"),
        ("渝教发〔2022〕18号", "渝.教.发.¦.2022.¦.18.号"),
        ("渝教发[2022]18号", "渝.教.发.¦.2022.¦.18.号"),
        ("渝教发 （2022） 18 号", "渝.教.发.¦.2022.¦.18.号"),
        ("渝教发2022-18号", "渝.教.发.¦.2022.¦.18.号"),
        ("经费 “渝教发【2022】18号”", "(and 经.费 渝.教.发.¦.2022.¦.18.号)"),
        ("内蒙古 2022 18号", "(and 内.蒙.古 2022 18.号)"),
        ("ＡＢＣ 2022年", "(and abc 2022.年)"),
        ("4.5% 3+1+2", "(and 4.¦.5 3.¦.1.¦.2)"),
        ("“双减 课后", "(and 双.减 课.后)"),
        ('5" 双减', "(and 5 双.减)"),
        ("OR 双减 OR", "双.减"),
        ("双减 OR -课后", "(or 双.减 (not 课.后))"),
        ("", ""),
        ("  \u3000", ""),
        ("，。！-- “” () .*", ""),
        ("\x00双\x00减\ud800", "双.减"),
        ("[双减]* AND (课后", "(and 双.减 课.后)"),
    ],
)
def test_a_query_is_understood(query: str, meant: str) -> None:
    assert told(parse(query)) == meant


@pytest.mark.parametrize(
    ("query", "text", "is_meant"),
    [
        ("双减", "落实“双减”政策", True),
        ("双师型教师", "培养“双师型”教师", True),
        ("十四五", "完成任务十。四五月间", False),
        ("2022年", "二、2022 年教育工作", True),
        ("200个", "新增学位1200个", False),
        ("渝教发〔2022〕18号", "（渝教发[2022]18号）", True),
        ("市委全会", "市 委 全 会 精神", True),
        ("steam", "ＳＴＥＡＭ教育", True),
        ("双减 -培训", "双减与培训", False),
        ("双减 OR 课后", "课后服务", True),
        ("标题正文", "标题\n正文", False),
        ("10", "面积10²", True),
        ("25", "见注25①", True),
    ],
)
def test_what_a_query_means_is_exact(query: str, text: str, is_meant: bool) -> None:
    assert matches(parse(query), text) is is_meant


TEXTS = st.text(
    st.sampled_from("双减课后 服务，。“”\"'a1.-—\n|〔〕(２Ａ①²ﾊﾞ〇é\u0301\x00\ud800𬭎…"), max_size=40
)


@given(TEXTS)
def test_words_read_again_are_the_same(text: str) -> None:
    assert tokens(" ".join(tokens(text)).replace(SEPARATOR, "，")) == tokens(text)


@given(TEXTS, st.integers(0, 40), st.integers(1, 6))
def test_words_are_found_where_they_stand(text: str, start: int, length: int) -> None:
    words = tokens(text)[start : start + length]
    while words and words[-1] == SEPARATOR:
        words.pop()
    for begin, end in places(text, words) if words else ():
        assert " ".join(words).strip(f"{SEPARATOR} ") in " ".join(tokens(text[begin:end]))
    assert bool(words) == bool(words and places(text, words))


@given(st.one_of(st.text(max_size=60), TEXTS))
@example('""" OR - "')
@example("-" * 500)
def test_no_query_is_an_error(query: str) -> None:
    tree = parse(query)
    assert isinstance(matches(tree, query), bool)
    for phrase in phrases(tree):
        assert phrase.words


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_every_quoted_part_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    words = tokens(text)[start : start + length]
    wanted = Phrase(tuple(words), "")
    assert matches(wanted, text)


def test_a_huge_query_is_cut_and_not_refused() -> None:
    tree = parse("双减 OR " * 12_500)
    assert 0 < len(phrases(tree)) <= 32
    assert len(tokens("x" * 100_000)[0]) == 64
    assert matches(parse("双减 " * 20_000), "双减")
    assert isinstance(parse("a OR b"), Or)
