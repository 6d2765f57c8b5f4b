"""Pages made to be slow, large or confusing to read: one function a kind, each given how many bytes it may take.

`KINDS` names them all; `mixed` puts several into one page, chosen by a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

HEAD = "<html><head><meta charset=utf-8><title>2026年教育工作要点</title></head><body><h1>2026年教育工作要点</h1>"
TEXT = "<p>一、加强党的建设工作，落实到位。</p>"
Make = Callable[[int], bytes]


def _body(markup: str) -> bytes:
    return f"{HEAD}{markup}{TEXT}</body></html>".encode("utf-8", "surrogatepass")


def repeat(piece: str, before: str = "", after: str = "") -> Make:
    """Return a maker of pages that repeat one piece as often as fits; {i} becomes the piece's number."""
    length = len(piece.replace("{i}", "12345").encode("utf-8", "surrogatepass"))

    def make(size: int) -> bytes:
        count = max(1, size // length)
        if "{i}" in piece:
            return _body(before + "".join(piece.replace("{i}", str(i)) for i in range(count)) + after)
        return _body(before + piece * count + after)

    return make


def halves(opening: str, closing: str, between: str = "一、加强领导。") -> Make:
    """Return a maker of pages with opening tags, a text, and as many closing tags."""

    def make(size: int) -> bytes:
        count = max(1, size // (len(opening.encode()) + len(closing.encode())))
        return _body(opening * count + between + closing * count)

    return make


def raw(head: bytes, piece: bytes, tail: bytes = b"") -> Make:
    """Return a maker of repeated raw bytes without a page around them."""
    return lambda size: head + piece * (size // len(piece)) + tail


# Repeated within or between tags. What a pattern of the extraction looks for, written without its end, is among them.
PIECES: Mapping[str, str] = {
    "line breaks": "<br>",
    "broken lines of text": "加强领导<br>",
    "paragraphs": "<p>一、加强领导。</p>",
    "paragraphs that never close": "<p>某市教育局",
    "numbered items": "<p>{i}. 加强领导，落实责任。</p>",
    "one item's number again": "<p>（一）加强领导。</p>",
    "items of all levels": "<p>一、总则</p><p>（一）目标</p><p>1. 任务</p><p>（1）分工</p>",
    "chapters": "<p>第一章 总则</p><p>第一条 为了加强</p>",
    "items within one line": "一、加强领导。（一）落实。1.责任。",
    "links": "<a href=/{i}.html>关于印发通知</a>",
    "links in lines": "<li><a href=/{i}.html>关于印发通知</a> 2026-01-02</li>",
    "links to files": "<a href=/{i}.pdf>附件{i}：名单.pdf</a>",
    "links of one file": "<a href=/a.pdf>附件</a>",
    "links that never close": "<a href=/{i}>",
    "empty anchors": "<a></a>",
    "images": "<img src=/{i}.jpg>",
    "videos": "<video src=/{i}.mp4></video>",
    "frames": "<iframe src=/{i}.pdf></iframe>",
    "scripts that write": "<script>document.write('<a href=\"/{i}.pdf\">附件</a>')</script>",
    "scripts that never close": "<script>var a=1;",
    "next pages": "<a href=a_{i}.html>下一页</a>",
    "paging scripts": '<script>createPageHTML({i},0,"t1","html")</script>',
    "metas": "<meta name=a{i} content=b>",
    "metas of a charset": "<meta charset=gb2312>",
    "titles": "<title>教育工作要点{i}</title>",
    "headings": "<h1>2026年教育工作要点</h1>",
    "headings that never close": "<h2>2026年",
    "bold": "<b>加强</b>",
    "bold that never closes": "<b>加",
    "fonts that cross": "<b><i>加</b></i>",
    "hidden": "<p style='display:none'>加强领导，落实责任到位。</p>",
    "styles": '<span style="color:red;font-size:12px">加</span>',
    "classes": '<div class="a b c d e f g h TRS_Editor content">加强。</div>',
    "ids": "<div id=zoom>加强。</div>",
    "cells": "<table><tr><td>加强</td><td>2026</td></tr></table>",
    "rows": "<tr><td>加强</td></tr>",
    "cells without a table": "<td>加强",
    "lists": "<ul><li>加强</li></ul>",
    "definitions": "<dl><dt>加强<dd>领导</dl>",
    "comments": "<!-- 加强 -->",
    "comments that never close": "<!-- 加强 ",
    "CDATA": "<![CDATA[加强]]>",
    "instructions": "<?xml version='1.0'?>",
    "doctypes": "<!DOCTYPE html>",
    "pages within the page": "<html><head></head><body>",
    "closing tags": "</div>",
    "closing bodies": "</body></html>",
    "unknown tags": "<x{i}>加</x{i}>",
    "forms": "<form><input name=a{i}><select><option>加强</option></select></form>",
    "drawings": "<svg><title>加强</title><path d='M0 0'/></svg>",
    "formulas": "<math><mi>x</mi></math>",
    "objects": "<object data=/{i}.pdf></object>",
    "ruby": "<ruby>加<rt>jia</rt></ruby>",
    "bases": "<base href=http://a{i}.example/>",
    "entities": "&nbsp;&amp;&#20013;",
    "unknown entities": "&foo",
    "entities of surrogates": "&#xD800;&#xDC00;",
    "entities beyond Unicode": "&#x110000;&#99999999;",
    "entities of controls": "&#0;&#1;&#8;",
    "angle brackets": "<",
    "angle brackets and letters": "<a",
    "closing brackets": ">",
    "ampersands": "&",
    "quotes": "\"'",
    "attributes cut by quotes": "<p a=\"",
    "dates": "2026年1月2日",
    "dates in lines": "<p>发布时间：2026-01-02</p>",
    "dates in Chinese digits": "二〇二六年一月二日",
    "signed dates": "<p>云溪市教育局</p><p>2026年1月2日</p>",
    "document numbers": "云教发〔2026〕7号",
    "document numbers that never close": "云教发〔2026",
    "file names": "附件1.名单.docx",
    "annexes": "<p>附件：1. 名单</p>",
    "labelled values": "<p>发布机构：云溪市教育局 文号：云教发〔2026〕7号 索引号：000-{i}</p>",
    "addressees": "<p>各县（市、区）教育局：</p>",
    "addressees in a line": "某市教育局、",
    "labels": "来源：",
    "brackets": "（（（",
    "brackets that cross": "（〔【《",
    "brackets in pairs": "（）",
    "book titles": "《关于印发》",
    "Chinese digits": "一",
    "Chinese numbers": "一二三四五六七八九十、",
    "circled digits": "①",
    "digits": "1",
    "digits and dots": "1.",
    "digits and spaces": "1 ",
    "page numbers": "<p>— {i} —</p>",
    "punctuation": "，。；：",
    "dots": "…",
    "dashes": "-",
    "slashes": "/",
    "URLs": "http://a.example/",
    "letters": "a",
    "words": "word ",
    "one Chinese character": "加",
    "Chinese characters and spaces": "加 ",
    "spaces": " ",
    "wide spaces": "\u3000",
    "no-break spaces": "\u00a0",
    "tabs": "\t",
    "lines": "\n",
    "zero-width spaces": "\u200b",
    "combining characters": "\u0301",
    "direction marks": "\u202e\u2066",
    "byte order marks": "\ufeff",
    "private characters": "\ue000",
    "plane 2": "𠮷",
    "emoji": "👨\u200d👩\u200d👧",
    "compatibility characters": "㈠㊀Ａ１ﬁ",
    "Arabic ligature that grows": "\ufdfa",
    "Hangul jamo": "\u1100\u1161\u11a8",
    "right-to-left": "שלום",
    "replacement characters": "\ufffd",
    "reprint of a name": "云溪市教育局关于印发",
    "about": "关于",
    "offices": "教育局",
    "not found": "<p>404 页面不存在</p>",
    "share buttons": "<div class=share>分享到：微信 微博</div>",
    "footers": "<p>主办单位：云溪市教育局 备案号：京ICP备{i}号</p>",
    "view counts": "<p>浏览次数：{i}</p>",
    "pictures by a script": "<script>wzfj='{i}.pdf'</script>",
    "texts that a previewer broke": "<p>" + "加强党的建设工作，落实到位" * 3 + "</p>",
}  # fmt: skip

NESTED: Mapping[str, tuple[str, str]] = {
    "nested div": ("<div>", "</div>"),
    "nested div with ids": ("<div id=zoom class=content>", "</div>"),
    "nested text": ("<div>加强领导。", "</div>"),
    "nested tables": ("<table><tr><td>", "</td></tr></table>"),
    "nested lists": ("<ul><li>", "</li></ul>"),
    "nested links": ("<a href=/a>", "</a>"),
    "nested spans": ("<span>", "</span>"),
    "nested bold": ("<b>", "</b>"),
    "nested fonts": ("<font color=red>加", "</font>"),
    "nested quotes": ("<blockquote>", "</blockquote>"),
    "nested hidden": ("<div style='display:none'>加强", "</div>"),
    "nested forms": ("<form>", "</form>"),
    "nested drawings": ("<svg>", "</svg>"),
    "nested paragraphs": ("<p>", "</p>"),
    "nested headings": ("<h1>", "</h1>"),
    "nested rows": ("<tr>", "</tr>"),
    "nested brackets": ("（", "）"),
    "nested templates": ("<template>", "</template>"),
    "nested noscript": ("<noscript>", "</noscript>"),
    "nested pre": ("<pre>", "</pre>"),
}

# One tag, attribute or text that never ends.
IN_ONE: Mapping[str, Make] = {
    "attributes of one tag": repeat("a{i}=1 ", "<p ", ">加强</p>"),
    "attributes without values": repeat("a{i} ", "<p ", ">加强</p>"),
    "attributes between slashes": repeat("a{i}/", "<p ", ">加强</p>"),
    "attributes between quotes": repeat("a{i}='>'", "<p ", ">加强</p>"),
    "attributes with brackets in quotes": repeat('a{i}="<p>" ', "<p ", ">加强</p>"),
    "attributes behind a comment's quote": repeat("a{i} ", "<!-- ' --><p ", ">加强</p>"),
    "attributes behind a script's quote": repeat("a{i} ", "<script>if(i<a b=\"</script><p ", ">加强</p>"),
    "attributes of the body": repeat("a{i}=1 ", "<body ", ">"),
    "attributes of many bodies": repeat("<body a{i}=1>"),
    "attributes of many pages": repeat("<html b{i}=1>"),
    "one attribute again": repeat("a=1 ", "<p ", ">加强</p>"),
    "attributes of a closing tag": repeat("a{i}=1 ", "<p>加强</p ", ">"),
    "attributes of a tag that never ends": repeat("a{i}=1 ", "<p "),
    "attributes of two tags": repeat("<p " + " ".join(f"a{n}" for n in range(900)) + ">"),
    "a long attribute": repeat("x", "<p title='", "'>加强</p>"),
    "a long class": repeat("a{i} ", "<div class='", "'>加强</div>"),
    "a long style": repeat("a:b;", "<div style='", "'>加强</div>"),
    "a long style of spaces": repeat(" ", "<div style='display", "x'>加强</div>"),
    "a long address": repeat("a/", "<a href='/", ".pdf'>附件</a>"),
    "a long script": repeat("var a{i}='x';", "<script>", "</script>"),
    "a long script of tags": repeat("<p>", "<script>", "</script>"),
    "a long comment": repeat("<p>加强", "<!--", "-->"),
    "a long style sheet": repeat("p{color:red}", "<style>", "</style>"),
    "a long title": repeat("某市教育局、", "<title>", "</title>"),
    "a long title of spaces": repeat(" ", "<title>a", "b</title>"),
    "a title that never ends": repeat("某市教育局、", "<title>"),
    "a long heading": repeat("某市教育局关于", "<h1>", "</h1>"),
    "a long description": repeat("某市教育局、", "<meta name=description content='", "'>"),
    "a long ArticleTitle": repeat("某市教育局、", "<meta name=ArticleTitle content='", "'>"),
    "a long PubDate": repeat("2026-01-02 ", "<meta name=PubDate content='", "'>"),
    "a long textarea": repeat("<p>", "<textarea>", "</textarea>"),
    "a long tag name": repeat("a", "<", ">"),
    "a long entity": repeat("a", "&", ";"),
    "a long number entity": repeat("1", "&#", ";"),
    "a long plaintext": repeat("<p>", "<plaintext>"),
    "a long pre": repeat("一、加强领导\n", "<pre>", "</pre>"),
    "a long onclick": repeat("open('x');", "<a onclick=\"", "\">加</a>"),
    "a wide table": repeat("<td>加{i}", "<table><tr>", "</table>"),
    "a table of spans": repeat("<td colspan=1000 rowspan=1000>加", "<table><tr>", "</table>"),
    "a long list": repeat("<li>加强", "<ul>", "</ul>"),
    "a long select": repeat("<option>加强", "<select>", "</select>"),
    "a long link": repeat("某市教育局", "<a href=/a>", "</a>"),
    "a paragraph of spaces": repeat(" ", "<p>加", "强</p>"),
    "a paragraph of wide spaces": repeat("\u3000", "<p>加", "强</p>"),
    "a number of digits": repeat("1", "<p>第", "页</p>"),
    "a year of digits": repeat("2", "<p>发布时间：", "年1月1日</p>"),
}  # fmt: skip

# Bytes that are no text, or say that they are another.
BYTES: Mapping[str, Make] = {
    **{
        f"charset {name}": raw(f"<meta charset={name}><title>要点</title><p>".encode() + b"\xff\xfe", b"a-b1\xe4\xb8")
        for name in (
            "punycode", "idna", "utf-7", "unicode_escape", "raw_unicode_escape", "undefined", "utf-16", "utf-32",
            "iso-2022-jp", "hz", "rot13", "base64", "zlib", "mbcs", "cp037", "utf-8-sig", "big5", "x" * 29,
        )
    },
    "NUL": raw(b"<p>", b"\0"),
    "NUL between letters": raw(b"<p>", b"a\0"),
    "invalid UTF-8": raw(b"<p>", b"\xff"),
    "cut UTF-8": raw(b"<p>", b"\xe4\xb8"),
    "overlong UTF-8": raw(b"<p>", b"\xc0\xaf"),
    "surrogates in UTF-8": raw(b"<p>", b"\xed\xa0\x80"),
    "GB18030 of four bytes": raw(b"<meta charset=gb18030><p>", b"\x81\x30\x81\x30"),
    "UTF-16": raw(b"\xff\xfe", "<p>加强</p>".encode("utf-16-le")),
    "UTF-16 that is cut": raw(b"\xfe\xff", b"\x4e"),
    "metas before the charset": raw(b"", b"<meta ", b"charset=gb2312>"),
    "a meta that never ends": raw(b"<meta", b" a"),
    "an XML declaration that never ends": raw(b"<?xml ", b"encoding "),
    "only spaces": raw(b"", b" ", b"<p>a"),
    "only brackets": raw(b"", b"<"),
    "plain text": raw(b"", "一、加强领导\n".encode()),
    "JSON": raw(b"", b"[", b"]"),
    "every byte": raw(b"<p>", bytes(range(256))),
}  # fmt: skip

KINDS: Mapping[str, Make] = {
    **{name: repeat(piece) for name, piece in PIECES.items()},
    **{f"{name}, in one paragraph": repeat(piece, "<p>", "</p>") for name, piece in PIECES.items() if "<" not in piece},
    **{f"{name}, in the title": repeat(piece, "<title>", "</title>") for name, piece in PIECES.items() if "<" not in piece},
    **{name: halves(*pair) for name, pair in NESTED.items()},
    **{f"{name}, never closed": repeat(pair[0]) for name, pair in NESTED.items()},
    **IN_ONE,
    **BYTES,
}  # fmt: skip


def mixed(seed: int, size: int) -> bytes:
    """Build a page of several kinds, in sequence or nested; the same for the same seed and size."""
    chance = random.Random(seed)
    pieces = list(PIECES.values())
    parts: list[str] = []
    left = size
    while left > 0:
        piece = "".join(chance.choices(pieces, k=chance.randint(1, 4))).replace(
            "{i}", str(chance.randrange(1000))
        )
        share = min(left, chance.randrange(1, size + 1))
        opening, closing = chance.choice([*NESTED.values(), ("", "")])
        depth = chance.choice((0, 1, 1, 30, 300))
        parts.append(
            opening * depth + piece * (share // len(piece.encode()) + 1) + closing * chance.choice((0, depth))
        )
        left -= share + depth * len(opening + closing)
    chance.shuffle(parts)
    return _body("".join(parts))[: size + 1000]
