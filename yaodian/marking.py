"""A difference for reading: as text with marks, or as an HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from notify.words import FIELDS, OPS
from store.flow import Difference, ItemChange
from store.marks import Piece, pieces
from store.series import Series

_TEXT = {"same": "{}", "del": "[-{}-]", "ins": "[+{}+]"}
_HTML = {"same": "{}", "del": "<del>{}</del>", "ins": "<ins>{}</ins>"}


def marked(title: str, difference: Difference, *, html: bool) -> str:
    """The difference, an item a paragraph; renumbered items are counted in one line."""
    return _page(title, difference) if html else "\n".join([title, *_lines(difference), ""])


def followed(title: str, series: Series, *, html: bool) -> str:
    """What a plan makes of the one before it: items that go on, that are new, that are gone."""
    parts = [
        (
            f"延续 {len(series.continued)} 条",
            [
                f"{p.old.path} → {p.new.path}（{p.similarity:.2f}）\n{p.old.text}\n{p.new.text}"
                for p in series.continued
            ],
        ),
        (f"新增 {len(series.new)} 条", [f"{item.path} {item.text}" for item in series.new]),
        (f"不再出现 {len(series.gone)} 条", [f"{item.path} {item.text}" for item in series.gone]),
    ]
    if not html:
        return "\n".join([title, *(f"\n{heading}\n" + "\n".join(lines) for heading, lines in parts), ""])
    body = []
    for heading, lines in parts:
        body += [
            f"<h2>{heading}</h2>",
            *(f"<p>{escape(line).replace(chr(10), '<br>')}</p>" for line in lines),
        ]
    return _whole(title, body)


def _lines(difference: Difference) -> Iterator[str]:
    for change in difference.metadata:
        yield f"\n修改  {FIELDS.get(change.field, change.field)}\n  [-{change.old or ''}-] [+{change.new or ''}+]"
    for item in difference.items:
        if item.op != "renumbered":
            yield f"\n{_where(item)}\n  {_joined(pieces(item), _TEXT)}"
    renumbered = _renumbered(difference)
    if renumbered:
        yield f"\n{renumbered}"
    for attachment in difference.attachments:
        yield f"\n{OPS[attachment.op]}  附件 {attachment.name}"
    if not difference:
        yield "\n没有不同"


def _where(item: ItemChange) -> str:
    path = item.new_path or item.old_path or ""
    came = f"（原 {item.old_path}）" if item.op == "moved" else ""
    return f"{OPS[item.op]}  {path}{came}"


def _joined(parts: tuple[Piece, ...], form: dict[str, str], *, safe: bool = False) -> str:
    return "".join(form[part.op].format(escape(part.text) if safe else part.text) for part in parts)


def _renumbered(difference: Difference) -> str | None:
    count = sum(item.op == "renumbered" for item in difference.items)
    return f"{count} 条仅序号顺延" if count else None


def _page(title: str, difference: Difference) -> str:
    body = []
    for change in difference.metadata:
        name = escape(FIELDS.get(change.field, change.field))
        old, new = escape(str(change.old or "")), escape(str(change.new or ""))
        body.append(f"<h2>修改 {name}</h2><p><del>{old}</del> <ins>{new}</ins></p>")
    body += [
        f"<h2>{escape(_where(item))}</h2><p>{_joined(pieces(item), _HTML, safe=True)}</p>"
        for item in difference.items
        if item.op != "renumbered"
    ]
    renumbered = _renumbered(difference)
    body += [f"<p>{renumbered}</p>"] if renumbered else []
    body += [f"<h2>{OPS[a.op]} 附件 {escape(a.name)}</h2>" for a in difference.attachments]
    return _whole(title, body)


def _whole(title: str, body: list[str]) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n<body><h1>{escape(title)}</h1>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )
