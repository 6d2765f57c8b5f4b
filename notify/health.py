"""What the operator is told of sources that changed for the worse, or recovered: one letter for all of a crawl.

Each change of a state is told once; what a letter tells is noted in the transaction that puts it into the outbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select

from notify import language, outbox
from notify.mail import environment
from notify.parcels import Letter, Reader
from notify.post import Post
from store import models as rows
from store.conditions import Condition, conditions
from store.database import Database

STATES = {
    "ok": "恢复正常",
    "quiet": "久无更新",
    "degraded": "部分异常",
    "blocked": "被拒绝",
    "broken": "无法读取",
}
SIGNS = {
    "nothing found": "列表为空",
    "unreadable": "读不出来",
    "unreachable": "没有应答",
    "refused address": "地址不允许访问",
    "blocked": "拒绝访问",
    "failed": "程序出错",
    "fewer": "条目骤减",
    "dates gone": "日期缺失",
    "cut": "列表过长，已截断",
    "selector missed": "选择器失效",
    "confidence fallen": "识别把握下降",
    "silent": "久无更新",
}
TOLD_OF_ITSELF = "ok"
"""A source that was well from its first crawl on is no news."""


def tell(database: Database, operator: str, post: Post, timezone: str, now: dt.datetime) -> int:
    """Put what the operator was not told yet into the outbox; how many sources that is."""
    with database.write() as session:
        changed = [
            condition
            for _, condition in sorted(conditions(session).items())
            if condition.state != (condition.told or TOLD_OF_ITSELF)
        ]
        if not changed:
            return 0
        outbox.put(session, "health", letter(changed, timezone), [Reader(operator)], post.domain, now)
        for condition in changed:
            row = session.get_one(rows.SourceHealth, condition.source)
            row.told = condition.state
        return len(changed)


def tell_findings(
    database: Database, operator: str, post: Post, wrong: Sequence[tuple[str, str]], now: dt.datetime
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
        subject = f"要点 服务检查：{'、'.join(dict.fromkeys(what for what, _ in wrong)) or '恢复正常'}"
        text = environment(language.SOURCE).get_template("doctor.txt").render(wrong=wrong)
        letter = Letter(subject, text, "", text, {"wrong": [list(one) for one in wrong]})
        outbox.put(session, "doctor", letter, [Reader(operator)], post.domain, now)
        return True


def untold(database: Database) -> bool:
    """Whether there is anything to tell; asked before a write transaction is begun."""
    with database.read() as session:
        found = session.execute(select(rows.SourceHealth.state, rows.SourceHealth.told))
        return any(state != (told or TOLD_OF_ITSELF) for state, told in found)


def letter(changed: Sequence[Condition], timezone: str) -> Letter:
    """What has become of these sources, what is worst first."""
    ordered = sorted(changed, key=lambda one: (list(STATES).index(one.state) * -1, one.source))
    first = ordered[0]
    more = f" 等 {len(ordered)} 个来源" if len(ordered) > 1 else ""
    subject = f"要点 来源状态：{first.source} {STATES[first.state]}{more}"
    text = (
        environment(language.SOURCE)
        .get_template("health.txt")
        .render(changed=ordered, states=STATES, signs=SIGNS, zone=ZoneInfo(timezone))
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
