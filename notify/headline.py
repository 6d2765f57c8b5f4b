"""The sentence that stands first in a digest: true, and enough for who has twenty seconds. Pure."""

from __future__ import annotations

import datetime as dt

from notify import words
from notify.digests import Issue
from notify.language import N_, speech
from notify.news import News
from store.alike import own_title

# What a digest calls the time since the one before, and how long that may be at most for the word to be true.
PERIODS = {
    "daily": (N_("近一日"), dt.timedelta(days=2)),
    "weekly": (N_("本周"), dt.timedelta(days=8)),
    "monthly": (N_("本月"), dt.timedelta(days=32)),
}


def opening(issue: Issue, every: str, language: str) -> str:
    """“本周新发布 6 份、修改 2 份，其中内蒙古自治区教育厅第12条由 5% 调为 8%。”"""
    say = speech(language)
    period = say.gettext(_period(issue, every))
    if not issue.changes:
        return say.gettext("%(period)s没有您订阅的变化。") % {"period": period}
    counted = words.counted(issue.counts, language)
    lead = _lead(issue.leading, issue, language) if issue.leading else None
    if lead is None:
        return say.gettext("%(period)s%(counted)s。") % {"period": period, "counted": counted}
    return say.gettext("%(period)s%(counted)s，其中%(lead)s。") % {
        "period": period,
        "counted": counted,
        "lead": lead,
    }


def _period(issue: Issue, every: str) -> str:
    word, longest = PERIODS.get(every, (N_("本期"), dt.timedelta(0)))
    is_true = issue.since is None or issue.made_at - issue.since <= longest
    return word if is_true else N_("本期")


def _lead(news: News, issue: Issue, language: str) -> str | None:
    say = speech(language)
    who = news.publisher or news.title
    if news.figure is None:
        # The only new plan is worth naming; of many the counts say more than one of them would.
        if issue.counts["new"] != 1 and news.region != "000000":
            return None
        return say.gettext("%(who)s发布《%(title)s》") % {
            "who": news.publisher,
            "title": own_title(news.title).strip("《》"),
        }
    what = {"who": who, "old": news.figure.old, "new": news.figure.new}
    if news.figure.heading:
        return say.gettext("%(who)s“%(heading)s”由 %(old)s 调为 %(new)s") % (
            what | {"heading": news.figure.heading}
        )
    if news.figure.where:
        return say.gettext("%(who)s第%(where)s条由 %(old)s 调为 %(new)s") % (
            what | {"where": news.figure.where}
        )
    return say.gettext("%(who)s由 %(old)s 调为 %(new)s") % what
