"""What changes on a page without anything having been said anew: each kind by its name, made to order.

A kind is one function (sheet, print, chance) → (sheet, print). What it may touch: typing, what stands around the
words, markup, bytes. None touches a word, a digit or a mark that says something else.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bench.mutation_pages import ARTICLES, LAYOUTS, Chrome, File, Print, Sheet
from demo.numbering import is_numbered

Pair = tuple[Sheet, Print]
Noise = Callable[[Sheet, Print, random.Random], Pair]

_WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
_ITEM = re.compile(
    r"\s*(?:\d{1,3}\s*[.．、)）]|[（(\[]?[一二三四五六七八九十\d]{1,3}[）)\]、]|第[一二三四五六七八九十\d]+|附|20\d\d)"
)

# ── typing ──


def _typed(change: Callable[[str, random.Random], str]) -> Noise:
    def noise(sheet: Sheet, printed: Print, chance: random.Random) -> Pair:
        cover, body, closing = (
            tuple(change(text, chance) for text in part) for part in (sheet.cover, sheet.body, sheet.closing)
        )
        table = tuple(tuple(change(cell, chance) for cell in row) for row in sheet.table)
        return replace(sheet, cover=cover, body=body, closing=closing, table=table), printed

    return noise


def _translated(table: Mapping[str, str]) -> Noise:
    codes = str.maketrans(dict(table))
    return _typed(lambda text, _: text.translate(codes))


def _some(pattern: str, made: Callable[[re.Match[str]], str]) -> Noise:
    return _typed(
        lambda text, chance: re.sub(pattern, lambda m: made(m) if chance.random() < 0.6 else m[0], text)
    )


def _quotes(text: str, chance: random.Random) -> str:
    style = chance.choice(('""', "「」", "〝〞", "＂＂"))
    return text.replace("“", style[0]).replace("”", style[1])


# Compatibility forms that NFKC makes the usual characters of.
_COMPATIBLE = {"一": "⼀", "人": "⼈", "力": "⼒", "大": "⼤", "工": "⼯", "行": "⾏", "金": "⾦"}
_TYPING: dict[str, Noise] = {
    "indent by NBSP": _typed(lambda text, _: "\xa0\xa0\xa0\xa0" + text),
    "indent by U+3000": _typed(lambda text, _: "\u3000\u3000" + text + " "),
    "blanks round digits": _some(r"(?<=[\u4e00-\u9fff])\d+(?=[\u4e00-\u9fff%])", lambda m: f" {m[0]} "),
    "blanks between words": _some(r"[，。；]", lambda m: m[0] + " "),
    "half-width marks": _translated(
        {"，": ",", "；": ";", "：": ":", "（": "(", "）": ")", "！": "!", "？": "?"}
    ),
    "full-width digits": _some(r"(?<=[\u4e00-\u9fff])\d+", lambda m: m[0].translate(_WIDE_DIGITS)),
    "full-width percent": _translated({"%": "％"}),
    "quotes": _typed(_quotes),
    "dashes": _some("[-—－～~]+", lambda _: "－"),
    "brackets of numbers": _translated({"〔": "[", "〕": "]", "《": "《", "〈": "<", "〉": ">"}),
    "NFKC forms": _typed(
        lambda text, chance: "".join(
            _COMPATIBLE.get(c, c) if i > 4 and chance.random() < 0.5 else c for i, c in enumerate(text)
        )
    ),
    "zero-width characters": _some(r"[\u4e00-\u9fff](?=[\u4e00-\u9fff])", lambda m: m[0] + "\u200b"),
    "dots": _translated({"·": "•", "…": "..."}),
    "letter-spaced": _some(r"[\u4e00-\u9fff]{2}", lambda m: " ".join(m[0])),
}


# ── how the words are cut into paragraphs ──


def _rewrapped(sheet: Sheet, printed: Print, chance: random.Random) -> Pair:
    """Long paragraphs end after another sentence; but never where the rest would look numbered."""
    body: list[str] = []
    for line in sheet.body:
        stops = [m.end() for m in re.finditer("[。；]", line) if m.end() < len(line) - 1]
        cuts = [at for at in stops if at > 30 and not _ITEM.match(line[at:]) and chance.random() < 0.4]
        body += [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    return replace(sheet, body=tuple(body)), printed


def _broken(sheet: Sheet, printed: Print, chance: random.Random) -> Pair:
    """Hard breaks in the middle of sentences, as converters of documents leave them."""
    width = chance.randint(28, 44)
    body: list[str] = []
    for line in sheet.body:
        cuts = [
            at
            for at in range(width, len(line) - 4, width)
            if not _ITEM.match(line[at:]) and not line[at].isdigit() and not line[at - 1].isdigit()
        ]
        body += [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    return replace(sheet, body=tuple(body)), printed


def _joined(sheet: Sheet, printed: Print, chance: random.Random) -> Pair:
    """A plain paragraph goes on in the line of the plain paragraph before it."""
    body: list[str] = []
    for line in sheet.body:
        plain = not is_numbered(line) and body and not is_numbered(body[-1]) and len(body[-1]) > 60
        if plain and chance.random() < 0.7:
            body[-1] += line
        else:
            body.append(line)
    return replace(sheet, body=tuple(body)), printed


# ── what stands around the words ──


def _around(change: Callable[[Chrome, random.Random], Chrome]) -> Noise:
    return lambda sheet, printed, chance: (sheet, replace(printed, chrome=change(printed.chrome, chance)))


_ADVERT = '<div class="ad"><a href="http://ad.example.com/"><img src="/ad.gif" alt="广告"></a><p><a href="/x.html">{}</a></p></div>'
_INLINE = '<div class="ad_inline"><script>ad();</script><p><a href="/x1.html">{}</a>　<a href="/x2.html">{}</a></p></div>'
_META = (
    ("Maketime", "2026-04-01 09:00:01"),
    ("HtmlGenerateTime", "2026-04-01 09:00"),
    ("Keywords", "教育,规划计划"),
    ("others", "页面生成时间 2026-04-01 15:09:57"),
    ("viewport", "width=device-width"),
)
_FOOTERS = (
    "Copyright © 2026 某市教育局 All Rights Reserved　主办：某市教育局",
    "版权所有：某市教育局　承办单位：某市教育信息中心　地址：某市教育路1号　邮编：730000　电话：0931-8881234",
    "某市教育局主办　某市教育信息中心维护　技术支持：某某科技有限公司　建议使用1366*768分辨率浏览",
)
_AROUND: dict[str, Noise] = {
    "counter": _around(lambda c, r: replace(c, views=r.randint(1, 99999), visitors=r.randint(10**6, 10**7))),
    "clock": _around(
        lambda c, r: replace(c, clock=f"今天是2026年{r.randint(4, 12)}月{r.randint(1, 28)}日 星期二")
    ),
    "页面生成时间": _around(
        lambda c, r: replace(c, built=f"2026-0{r.randint(4, 9)}-1{r.randint(0, 9)} 15:09:57")
    ),
    "weather": _around(lambda c, r: replace(c, weather=f"小雨 {r.randint(1, 9)}～1{r.randint(0, 9)}℃")),
    "hour of publishing": _around(lambda c, r: replace(c, hour=f"1{r.randint(0, 9)}:4{r.randint(0, 9)}")),
    "related": _around(lambda c, r: replace(c, related=tuple(r.sample(ARTICLES, r.randint(0, 8))))),
    "上一篇下一篇": _around(
        lambda c, r: replace(c, previous=r.choice(ARTICLES), following=r.choice(("没有了", *ARTICLES)))
    ),
    "share bar": _around(
        lambda c, r: replace(c, share=tuple(r.sample(("微信", "微博", "QQ空间", "人人网", "豆瓣"), 4)))
    ),
    "advert": _around(lambda c, r: replace(c, advert=_ADVERT.format(r.choice(ARTICLES)))),
    "inline advert": _around(lambda c, r: replace(c, inline_advert=_INLINE.format(*r.sample(ARTICLES, 2)))),
    "footer": _around(lambda c, r: replace(c, footer=r.choice(_FOOTERS))),
    "ICP line": _around(
        lambda c, r: replace(
            c, icp=f"某ICP备0500{r.randint(1000, 9999)}号　某公网安备 6201020200{r.randint(1000, 9999)}号"
        )
    ),
    "责任编辑": _around(
        lambda c, r: replace(c, editor=f"责任编辑：{r.choice('张王李赵')}{r.choice('明芳伟静')}")
    ),
    "meta tags": _around(lambda c, r: replace(c, meta=tuple(r.sample(_META, 3)))),
    "metadata box reordered": _around(lambda c, r: replace(c, box_order=tuple(r.sample(range(6), 6)))),
}

# ── markup ──


def _marked(change: Callable[[str, random.Random], str]) -> Noise:
    def noise(sheet: Sheet, printed: Print, chance: random.Random) -> Pair:
        seed = chance.random()
        step = lambda page: change(page, random.Random(seed))  # noqa: E731
        return sheet, replace(printed, markup=(*printed.markup, step))

    return noise


_WORD = re.compile(r">([^<>]*[\u4e00-\u9fff][^<>]*)<")


def _in_text(change: Callable[[str, random.Random], str], share: float = 0.5) -> Noise:
    """Something done to the words between two tags of the body, outside of title, scripts and links."""

    def apply(page: str, chance: random.Random) -> str:
        head, body, rest = page.partition("<body")
        return (
            head
            + body
            + _WORD.sub(lambda m: f">{change(m[1], chance)}<" if chance.random() < share else m[0], rest)
        )

    return _marked(apply)


def _spans(text: str, chance: random.Random) -> str:
    at = chance.randint(0, len(text))
    return text if "&" in text else f'<span>{text[:at]}</span><span lang="ZH-CN">{text[at:]}</span>'


def _source_breaks(text: str, chance: random.Random) -> str:
    """Between two Chinese characters; a number that is broken reads otherwise."""
    places = [m.end() for m in re.finditer(r"[\u4e00-\u9fff](?=[\u4e00-\u9fff])", text)]
    at = chance.choice(places) if places else len(text)
    return text[:at] + "\n      " + text[at:]


def _renamed(page: str, chance: random.Random) -> str:
    tag = chance.randint(1, 999)
    # Names by which a template says what a thing is stay telling names: a new template calls an advert “ad2”.
    return re.sub(r'(class|id)="([^"]+)"', lambda m: f'{m[1]}="{m[2]}-{tag}" data-v="{tag}"', page)


def _reordered(page: str, _: random.Random) -> str:
    return re.sub(r'<(\w+) (\w[\w-]*="[^"]*") (\w[\w-]*="[^"]*")', r"<\1 \3 \2", page)


_SCRIPTS = (
    '<script>var _hmt=_hmt||[];document.write("浏览：8888");</script><style>.x{content:"教育"}</style>'
    '<noscript><img src="//t.example.com/1.gif"></noscript>'
)
_MARKUP: dict[str, Noise] = {
    "p to div": _marked(lambda page, _: re.sub(r"<(/?)p(?=[ >])", r"<\1div", page)),
    "unclosed p": _marked(lambda page, _: page.replace("</p>", "")),
    "span splitting": _in_text(_spans),
    "font and strong": _in_text(lambda text, _: f'<font face="仿宋"><strong>{text}</strong></font>', 0.3),
    "source line breaks": _in_text(_source_breaks),
    "br at the end": _marked(
        lambda page, _: page.replace("</p>", "<br/></p>").replace("</section>", "<br></section>")
    ),
    "classes renamed": _marked(_renamed),
    "classes dropped": _marked(
        lambda page, _: re.sub(
            r' class="(?:MsoNormal|article|TRS_Editor|content|detail-text|v_news_content|zfxxgk_zw_content)"',
            "",
            page,
        )
    ),
    "attribute order": _marked(_reordered),
    "upper-case tags": _marked(
        lambda page, _: re.sub(r"</?(?:p|div|span|table|tr|td)\b", lambda m: m[0].upper(), page)
    ),
    "scripts and styles": _marked(
        lambda page, _: page.replace("</body>", _SCRIPTS + "</body>").replace("<h1", _SCRIPTS + "<h1")
    ),
    "comments": _marked(
        lambda page, chance: page.replace("</p>", f"</p><!-- {chance.random()} 本文 -->").replace(
            "<div", "<!-- x --><div"
        )
    ),
    "wrapped in divs": _marked(
        lambda page, _: re.sub(
            r"(<body[^>]*>)(.*)(</body>)", r"\1<div><div id=w>\2</div></div>\3", page, flags=re.S
        )
    ),
    "numeric entities": _in_text(
        lambda text, _: text if "&" in text else "".join(f"&#x{ord(c):x};" for c in text), 0.3
    ),
    "blank paragraphs": _marked(
        lambda page, _: page.replace("</p>", "</p><p>&nbsp;</p>").replace(
            "</section></section>", "</section></section><section><br></section>"
        )
    ),
    "empty inline tags": _marked(lambda page, _: page.replace("</p>", "<span></span><o:p></o:p></p>")),
}

# ── bytes, links, templates ──


def _gb18030(sheet: Sheet, printed: Print, _: random.Random) -> Pair:
    return sheet, replace(printed, encoding="gb18030", chrome=replace(printed.chrome, charset="gb2312"))


def _utf8(sheet: Sheet, printed: Print, _: random.Random) -> Pair:
    return sheet, replace(printed, encoding="utf-8", bom=True)


def _linked(change: Callable[[str], str]) -> Noise:
    def noise(sheet: Sheet, printed: Print, _: random.Random) -> Pair:
        return replace(
            sheet, files=tuple(File(change(file.href), file.name) for file in sheet.files)
        ), printed

    return noise


def _redesigned(sheet: Sheet, printed: Print, chance: random.Random) -> Pair:
    other = chance.choice([name for name in LAYOUTS if name != printed.layout])
    return sheet, replace(printed, layout=other)


_PLACES: dict[str, Noise] = {
    "charset GB18030": _gb18030,
    "UTF-8 with BOM": _utf8,
    "attachments by https": _linked(lambda href: "https://www.example.gov.cn" + href),
    "attachments on another host": _linked(lambda href: "http://files.example.gov.cn/2026" + href),
    "attachments in another folder": _linked(lambda href: "/u/cms/www" + href + "?v=2"),
}
_PARAGRAPHS: dict[str, Noise] = {
    "re-wrapped paragraphs": _rewrapped,
    "hard line breaks": _broken,
    "joined paragraphs": _joined,
}
REDESIGN = "redesign"
NOISES: Mapping[str, Noise] = {
    **_TYPING, **_PARAGRAPHS, **_AROUND, **_MARKUP, **_PLACES, REDESIGN: _redesigned,
}  # fmt: skip
# Cut anew first, so that the cutting sees the plain text; the template last.
_ORDER = {
    name: at for at, name in enumerate([*_PARAGRAPHS, *_TYPING, *_AROUND, *_PLACES, REDESIGN, *_MARKUP])
}


def disturbed(sheet: Sheet, printed: Print, names: tuple[str, ...], chance: random.Random) -> Pair:
    """Sheet and print with these kinds of noise."""
    for name in sorted(names, key=lambda name: _ORDER[name]):
        sheet, printed = NOISES[name](sheet, printed, chance)
    return sheet, printed
