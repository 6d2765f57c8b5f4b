"""Bytes are judged before declarations; what a source's file says overrides both."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from crawler.extraction import decode
from crawler.extraction.charset import header_charset

SITE = Path(__file__).parents[2] / "shared" / "bench" / "monitors" / "charset_site.py"
TEXT = "二〇二六年教育工作要点：全面推进义务教育优质均衡发展。" * 3
RARE = "朱镕老师任教于喆、堃、𠮷、䶮四校"


def html(declared: str, text: str) -> str:
    return (
        f"<html><head><meta charset='{declared}'><title>要点</title></head><body><p>{text}</p></body></html>"
    )


@pytest.mark.skipif(not SITE.exists(), reason="needs the reference pages in ../shared")
def test_the_eight_reference_pages() -> None:
    spec = importlib.util.spec_from_file_location("charset_site", SITE)
    assert spec is not None
    assert spec.loader is not None
    site = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site)
    read = {path: decode(body, header_charset(kind))[0] for path, (kind, body) in site.PAGES.items()}
    wanted = {path: site.RARE if path.endswith("rare") else site.TEXT for path in site.PAGES}
    assert len(read) == 8
    assert [path for path, text in wanted.items() if text not in read[path]] == []


@pytest.mark.parametrize("declared", ["gb2312", "gbk", "utf-8", "iso-8859-1", ""])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("header", [None, "iso-8859-1", "gb2312"])
def test_no_declaration_misleads(encoding: str, declared: str, header: str | None) -> None:
    text, _ = decode(html(declared, TEXT + RARE).encode(encoding), header)
    assert TEXT + RARE in text


def test_a_page_of_hardly_any_markup_in_utf_16() -> None:
    # hardly a character has a NUL byte but for every 一, which has it on the other side
    body = ("<p>" + "一是落实要求，二是抓好教学。" * 70 + "</p>").encode("utf-16-le")
    assert decode("<html><meta charset=gb2312>".encode("utf-16-le") + body)[0].endswith("教学。</p>")


def test_a_source_overrides() -> None:
    big5 = "<meta charset=gb2312><p>教育計畫</p>".encode("big5")
    assert "教育計畫" in decode(big5, "utf-8", "big5")[0]
    assert decode(TEXT.encode(), None, "gb2312")[1] == "gb18030"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_body_cut_in_the_middle_of_a_character(encoding: str) -> None:
    text, used = decode(html("", TEXT).encode(encoding)[:-40])
    assert used == encoding
    assert TEXT[:40] in text
