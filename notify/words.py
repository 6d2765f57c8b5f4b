"""The words for what a digest, a feed and a page tell of: changes, operations, fields, places, filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from gettext import NullTranslations

from notify.filters import Filter
from notify.language import N_, SOURCE, speech
from store import regions

TYPES = {
    "new": N_("新发布"),
    "changed": N_("修改"),
    "withdrawn": N_("撤下"),
    "restored": N_("恢复"),
    "reprints": N_("新转载"),
}
OPS = {
    "added": N_("新增"),
    "removed": N_("删去"),
    "edited": N_("修改"),
    "moved": N_("移动"),
    "renumbered": N_("序号"),
}
FIELDS = {
    "title": N_("标题"),
    "cover": N_("印发通知"),
    "publisher": N_("发布机构"),
    "document_number": N_("文号"),
    "index_number": N_("索引号"),
    "issued_on": N_("成文日期"),
    "published_at": N_("发布日期"),
    "source_label": N_("来源"),
    "kind": N_("类型"),
    "period": N_("年度"),
    "region": N_("地区"),
    "addressees": N_("主送机关"),
}
# How a source is (store.health), and what shows it.
CONDITIONS = {
    "ok": N_("运行正常"),
    "quiet": N_("久无更新"),
    "degraded": N_("部分异常"),
    "blocked": N_("被拒绝"),
    "broken": N_("无法读取"),
}
SIGNS = {
    "nothing found": N_("列表为空"),
    "unreadable": N_("读不出来"),
    "unreachable": N_("没有应答"),
    "refused address": N_("地址不允许访问"),
    "blocked": N_("拒绝访问"),
    "failed": N_("程序出错"),
    "fewer": N_("条目骤减"),
    "dates gone": N_("日期缺失"),
    "cut": N_("列表过长，已截断"),
    "selector missed": N_("选择器失效"),
    "confidence fallen": N_("识别把握下降"),
    "silent": N_("很久没有新条目"),
    "attachment": N_("附件取不到"),
}
# What `yaodian doctor` looks at.
CHECKED = {
    "data": N_("数据目录"),
    "database": N_("数据库"),
    "archive": N_("存档"),
    "disk": N_("磁盘"),
    "smtp": N_("发信服务器"),
    "sources": N_("来源文件"),
    "dns": N_("域名"),
    "clock": N_("时钟"),
    "service": N_("服务"),
    "queue": N_("任务队列"),
    "channels": N_("消息渠道"),
}
# The kinds that extraction knows; another one is shown as it is.
KINDS = {
    name: name
    for name in (
        N_("工作要点"),
        N_("工作计划"),
        N_("工作安排"),
        N_("工作意见"),
        N_("发展规划"),
        N_("专项规划"),
        N_("行动计划"),
        N_("实施方案"),
        N_("工作方案"),
    )
}
# Divisions below the province keep their Chinese names in every language.
PROVINCES = {
    "000000": N_("全国"),
    "110000": N_("北京市"),
    "120000": N_("天津市"),
    "130000": N_("河北省"),
    "140000": N_("山西省"),
    "150000": N_("内蒙古自治区"),
    "210000": N_("辽宁省"),
    "220000": N_("吉林省"),
    "230000": N_("黑龙江省"),
    "310000": N_("上海市"),
    "320000": N_("江苏省"),
    "330000": N_("浙江省"),
    "340000": N_("安徽省"),
    "350000": N_("福建省"),
    "360000": N_("江西省"),
    "370000": N_("山东省"),
    "410000": N_("河南省"),
    "420000": N_("湖北省"),
    "430000": N_("湖南省"),
    "440000": N_("广东省"),
    "450000": N_("广西壮族自治区"),
    "460000": N_("海南省"),
    "500000": N_("重庆市"),
    "510000": N_("四川省"),
    "520000": N_("贵州省"),
    "530000": N_("云南省"),
    "540000": N_("西藏自治区"),
    "610000": N_("陕西省"),
    "620000": N_("甘肃省"),
    "630000": N_("青海省"),
    "640000": N_("宁夏回族自治区"),
    "650000": N_("新疆维吾尔自治区"),
    "710000": N_("台湾省"),
    "810000": N_("香港特别行政区"),
    "820000": N_("澳门特别行政区"),
}


def named(labels: Mapping[str, str], key: str, language: str) -> str:
    """A word of one of the tables above; the key itself where the table has none."""
    return speech(language).gettext(labels[key]) if labels.get(key) else key


def region(code: str, language: str) -> str:
    """A division's name with the divisions around it."""
    if not code:
        return speech(language).gettext("地区未注明")
    province = PROVINCES.get(regions.province(code))
    if language == SOURCE or province is None:
        return regions.full_name(code)
    return f"{speech(language).gettext(province)} {regions.full_name(code).removeprefix(province)}".strip()


def counted(counts: Mapping[str, int], language: str) -> str:
    """“新发布 6 份、修改 2 份”, without what is none."""
    say = speech(language)
    one_by_one = {
        "new": say.ngettext("新发布 %(n)d 份", "新发布 %(n)d 份", counts.get("new", 0)),
        "changed": say.ngettext("修改 %(n)d 份", "修改 %(n)d 份", counts.get("changed", 0)),
        "withdrawn": say.ngettext("撤下 %(n)d 份", "撤下 %(n)d 份", counts.get("withdrawn", 0)),
        "restored": say.ngettext("恢复 %(n)d 份", "恢复 %(n)d 份", counts.get("restored", 0)),
        "reprints": say.ngettext("新转载 %(n)d 份", "新转载 %(n)d 份", counts.get("reprints", 0)),
    }
    return listed((text % {"n": counts[key]} for key, text in one_by_one.items() if counts.get(key)), say)


def listed(parts: Iterable[str], say: NullTranslations) -> str:
    return say.gettext("、").join(parts)


def described(wanted: Filter, language: str) -> str:
    """What a filter wants, in one line: “内蒙古自治区；工作要点；双减”."""
    say = speech(language)
    parts = [
        listed((region(code, language) for code in wanted.regions), say),
        listed((named(KINDS, kind, language) for kind in wanted.kinds), say),
        listed(wanted.publishers, say),
        listed(wanted.sources, say),
        listed((say.gettext("“%(word)s”") % {"word": word} for word in wanted.keywords), say),
        listed((named(TYPES, kind, language) for kind in wanted.types), say),
        say.gettext("只含官方来源") if wanted.official else "",
    ]
    return say.gettext("；").join(part for part in parts if part) or say.gettext("全部")
