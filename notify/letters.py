"""The letters about a subscription itself: to confirm it, that it is known already, the links to manage it. Pure.

Of what somebody typed in for an address that may be a stranger's, only what can't be words of their own is repeated:
else anybody could have anything mailed to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notify.filters import Filter
from notify.language import N_, speech
from notify.mail import environment, inlined
from notify.parcels import Letter
from notify.post import Post
from notify.subscriptions import Rhythm
from store import regions

WEEKDAYS = {
    "mon": N_("每周一"), "tue": N_("每周二"), "wed": N_("每周三"), "thu": N_("每周四"),
    "fri": N_("每周五"), "sat": N_("每周六"), "sun": N_("每周日"),
}  # fmt: skip
MOST_REGIONS = 5


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a letter says: paragraphs, links among them as buttons, and a last word in small print."""

    subject: str
    paragraphs: tuple[str, ...]
    links: tuple[Link, ...]
    small: str


def confirmation(post: Post, token: str, wanted: Filter, rhythm: Rhythm, reader: str) -> Letter:
    """Asks the owner of an address whether the subscription is theirs. `reader` is their language."""
    _ = speech(reader).gettext
    url = post.confirm_url(token)
    asked = _("有人请求把教育要点摘要寄到这个地址，希望那就是您。")
    about = _("订阅范围：%(scope)s；%(rhythm)s。") % {
        "scope": scope(wanted, reader),
        "rhythm": when(rhythm, reader),
    }
    by_hand = _("请把下面这一行转给要点的管理员，由其确认：%(command)s") % {
        "command": f"yaodian subscriptions confirm {token}"
    }
    note = Note(
        _("请确认订阅教育要点摘要"),
        (asked, about) if url else (asked, about, by_hand),
        (Link(url, _("确认订阅")),) if url else (),
        _("链接三天内有效。如果您没有提出过请求，不必理会这封信；未经确认不会寄出任何摘要。"),
    )
    return _letter(note, reader, {"confirm_url": url or None})


def known(post: Post, token: str, reader: str) -> Letter:
    """Says that the address has this subscription already: to its owner, and not to who asked."""
    _ = speech(reader).gettext
    url = post.manage_url(token)
    note = Note(
        _("您已订阅教育要点摘要"),
        (
            _(
                "有人，也许是您，又一次请求为这个地址订阅教育要点摘要。同样的订阅已经有了，一切照旧，无需操作。"
            ),
        ),
        (Link(url, _("更改、暂停或退订")),) if url else (),
        _("如果不是您提出的请求，不必理会这封信。"),
    )
    return _letter(note, reader, {"manage_url": url or None})


def managing(post: Post, tokens: Sequence[str], reader: str) -> Letter:
    """The links of all subscriptions of an address, for who has lost the mail that had them."""
    _ = speech(reader).gettext
    note = Note(
        _("管理您的教育要点订阅"),
        (_("这是您请求的管理链接，每个订阅一条。"),),
        tuple(
            Link(post.manage_url(token), _("订阅 %(number)d") % {"number": number})
            for number, token in enumerate(tokens, 1)
        ),
        _("如果不是您提出的请求，不必理会这封信；不要把链接转给别人。"),
    )
    return _letter(note, reader, {"manage_urls": [link.url for link in note.links]})


def scope(wanted: Filter, reader: str) -> str:
    """Regions by name, and that there are further conditions."""
    _ = speech(reader).gettext
    names = [regions.full_name(code) for code in wanted.regions[:MOST_REGIONS]]
    further = sum(
        len(part) for part in (wanted.kinds, wanted.publishers, wanted.sources, wanted.keywords, wanted.types)
    )
    further += wanted.official + max(0, len(wanted.regions) - MOST_REGIONS)
    said = _("、").join(names) or _("全国")
    if not further:
        return said
    return speech(reader).ngettext("%(said)s，另有 %(n)d 项条件", "%(said)s，另有 %(n)d 项条件", further) % {
        "said": said,
        "n": further,
    }


def when(rhythm: Rhythm, reader: str) -> str:
    """How often, as in “每周一 08:00（Asia/Shanghai）”."""
    _ = speech(reader).gettext
    if rhythm.every == "instant":
        return _("随时")
    if rhythm.every == "weekly":
        weekday = WEEKDAYS[rhythm.on or "mon"]
        often = _(weekday)
    elif rhythm.every == "daily":
        often = _("每天")
    elif rhythm.on == "last":
        often = _("每月最后一天")
    else:
        often = _("每月 %(day)s 日") % {"day": rhythm.on or "1"}
    return f"{often} {rhythm.at} ({rhythm.timezone})"


def _letter(note: Note, reader: str, data: dict[str, object]) -> Letter:
    templates = environment(reader)
    text = templates.get_template("letter.txt").render(note=note)
    page = templates.get_template("letter.html").render(note=note)
    html = inlined(page)
    short = "\n".join((*note.paragraphs, *(f"{link.label}: {link.url}" for link in note.links)))
    return Letter(note.subject, text, html, short, data)
