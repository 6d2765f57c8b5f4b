"""What the operator is told of sources that changed for the worse, or recovered: one letter for all of a crawl.

Each change of a state is told once; what a letter tells is noted in the transaction that puts it into the outbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from notify import language, outbox, words
from notify.mail import environment
from notify.parcels import Letter, Reader
from notify.post import Post
from notify.wording import worded
from store import models as rows
from store.conditions import Condition, conditions
from store.database import Database

TOLD_OF_ITSELF = "ok"
"""A source that was well from its first crawl on is no news."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is told, and how he reads."""

    address: str
    language: str
    timezone: str


def tell(database: Database, operator: Operator, post: Post, now: dt.datetime) -> int:
    """Put what the operator was not told yet into the outbox; how many sources that is."""
    with database.write() as session:
        changed = [
            condition
            for _, condition in sorted(conditions(session).items())
            if condition.state != (condition.told or TOLD_OF_ITSELF)
        ]
        if not changed:
            return 0
        outbox.put(session, "health", letter(changed, operator), [Reader(operator.address)], post.domain, now)
        for condition in changed:
            row = session.get_one(rows.SourceHealth, condition.source)
            row.told = condition.state
        return len(changed)


def tell_findings(
    database: Database, operator: Operator, post: Post, wrong: Sequence[tuple[str, str]], now: dt.datetime
) -> bool:
    """Put what `yaodian doctor` found wrong into the outbox, (what, what it says and the remedy) each, unless the last
    such letter told the same. Whether there was anything to tell."""
    with database.write() as session:
        last = session.scalar(
            select(rows.Letter)
            .join(rows.Delivery, rows.Delivery.letter_id == rows.Letter.id)
            .where(rows.Delivery.kind == "doctor")
            .order_by(rows.Letter.id.desc())
            .limit(1)
        )
        told = [what for what, _ in last.content["data"]["wrong"]] if last else []
        if sorted(told) == sorted(what for what, _ in wrong):
            return False
        say = language.speech(operator.language)
        shown = [
            (words.named(words.CHECKED, what, operator.language), worded(says, operator.language))
            for what, says in wrong
        ]
        what = words.listed(dict.fromkeys(name for name, _ in shown), say) or say.gettext("恢复正常")
        subject = say.gettext("要点 服务检查：%(what)s") % {"what": what}
        text = environment(operator.language).get_template("doctor.txt").render(wrong=shown)
        letter = Letter(subject, text, "", text, {"wrong": [list(one) for one in wrong]})
        outbox.put(session, "doctor", letter, [Reader(operator.address)], post.domain, now)
        return True


def untold(database: Database) -> bool:
    """Whether there is anything to tell; asked before a write transaction is begun."""
    with database.read() as session:
        found = session.execute(select(rows.SourceHealth.state, rows.SourceHealth.told))
        return any(state != (told or TOLD_OF_ITSELF) for state, told in found)


def letter(changed: Sequence[Condition], operator: Operator) -> Letter:
    """What has become of these sources, what is worst first."""
    ordered = sorted(changed, key=lambda one: (list(words.CONDITIONS).index(one.state) * -1, one.source))
    say = language.speech(operator.language)
    states = {key: say.gettext(label) for key, label in words.CONDITIONS.items()}
    states["ok"] = say.gettext("恢复正常")
    first, others = ordered[0], len(ordered) - 1
    subject = say.gettext("要点 来源状态：%(source)s %(state)s") % {
        "source": first.source,
        "state": states[first.state],
    }
    if others:
        subject += say.ngettext("，另有 %(n)d 个", "，另有 %(n)d 个", others) % {"n": others}
    text = (
        environment(operator.language)
        .get_template("health.txt")
        .render(
            changed=ordered,
            states=states,
            sign=lambda name: words.named(words.SIGNS, name, operator.language),
            worded=lambda sentence: worded(sentence, operator.language),
            zone=ZoneInfo(operator.timezone),
        )
    )
    data = [
        {
            "source": one.source,
            "state": one.state,
            "since": one.since.isoformat(),
            "reasons": [
                {"sign": sign.sign, "url": sign.url, "says": sign.says, "capture": sign.capture}
                for sign in one.reasons
            ],
        }
        for one in ordered
    ]
    return Letter(subject, text, "", text, {"sources": data})
