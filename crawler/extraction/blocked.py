"""Pages with status 200 that are no document but a gateway's, a challenge, an error or a login form.
Said only of pages with hardly any prose: a document may speak of captchas and of errors."""

from __future__ import annotations

import re

from lxml import etree

from crawler.extraction import dates, labels
from crawler.extraction.locate import weigh
from crawler.extraction.render import Line
from crawler.extraction.rules import Rule, Rules
from store.said import said

PROSE = 200
"""A page with more characters of prose is a document, whatever words are in it."""
SIGNS = Rules(
    (
        Rule(r".*(?:您的|你的|客户端|当前)\s?IP(?:地址)?\s?(?:是|为|[:：])", "您的IP：192.0.2.1", "", 400),
        Rule(
            r".*(?:event\s?ID|request\s?ID|ray\s?ID|事件\s?ID|请求\s?ID|拦截\s?ID)", "eventID: 7f3a", "", 400
        ),
        Rule(
            r".*(?:人机验证|安全验证|滑动验证|请完成(?:下列)?验证|验证码(?:错误|不正确)|请输入验证码|访问验证|拖动滑块|just a moment|captcha)",
            "请完成安全验证后继续访问",
            "",
            100,
        ),
        Rule(
            r".*(?:请(?:先)?(?:开启|启用|打开)(?:您?(?:的)?浏览器的?)?\s?javascript|enable javascript|javascript\s?(?:is )?(?:disabled|required|未启用))",
            "请开启JavaScript并刷新该页",
            "",
            100,
        ),
        Rule(
            r".*(?:访问(?:被拒绝|被拦截|受限|过于频繁|异常|行为异常)|请求被(?:拦截|拒绝)|网站防火墙|web应用防火墙|云防护|安全狗|云锁|创宇盾|网站卫士|请求(?:中)?(?:带有|包含|存在).{0,6}(?:不合法|非法|危险|恶意)|疑似(?:黑客|攻击)|禁止访问|access denied|forbidden|waf)",
            "您的访问被拒绝",
            "",
            100,
        ),
        Rule(
            r".*(?:(?:页面|网页|文章|信息|内容|栏目|稿件)(?:可能)?(?:并)?(?:不存在|已(?:经)?(?:被)?(?:删除|下线|移除)|未找到|找不到|没有找到|走丢|迷路)|(?:您|你)(?:要|所)?(?:访问|查看|请求|浏览)的.{0,12}(?:不存在|已(?:被)?删除|找不到|已(?:经)?下线|出错)|无法(?:访问|显示此页)|404\s?(?:not found|页面|错误|error|-|$)|not found$|(?:找不到|没有找到|未找到|无法找到)(?:该|您|你|此|相关|指定|文件|页面|网页|对象))",
            "您访问的页面不存在",
            "",
            80,
        ),
        Rule(
            r".*(?:50[0234]\s?(?:bad gateway|service|错误|gateway)|bad gateway|internal server error|服务(?:器)?(?:暂时)?不可用|(?:系统|服务器)(?:内部)?(?:错误|异常|繁忙|维护中)|源站(?:出现问题|异常)|service unavailable|数据库连接(?:失败|错误)|(?:网站|系统|平台|本站|页面|栏目)(?:正在|暂时)?(?:进行)?(?:临时|系统|例行)?(?:维护|升级|建设|调试|改版)中|(?:网站|系统|本站)(?:已|正在|暂时)+(?:关闭|停用|停止服务))",
            "502 Bad Gateway",
            "",
            80,
        ),
        Rule(
            r".*(?:用户名|帐号|账号|账户).{0,40}密\s?码|(?:请先?登录(?:后(?:再)?(?:查看|访问|浏览|操作))?|登录后(?:查看|可见|访问)|统一身份认证|用户登录|登录超时)[。！!.]?$",
            "账号 密码 登录",
            "",
            30,
        ),
        Rule(r"^(?:40[0-9]|50[0-9])$", "502", "2022", 5),
    )
)
_CHALLENGE = re.compile(
    r"\$_ts\s*=|__jsl_clearance|_cf_chl|cf-browser-verification|acw_sc__v2|security_session_(?:mid_)?verify|yunsuo|wzwsconfirm|wzwstemplate|/TSPD/|jsjiami\.com|var\s+arg1\s*=\s*'[0-9A-F]{20}|aliyunwaf|"
    r"(?:document\.cookie\s*=.{0,400}location\.(?:reload|href|replace))",
    re.I | re.S,
)


def why(root: etree._Element, title: str, lines: list[Line], meta: dict[str, str]) -> str | None:
    """What makes the page no document, in words for the source's health; None where nothing speaks for it."""
    # a gateway explains itself at length, but names the error in its <title>
    named = len(title) <= 24 and SIGNS.fit(title)
    if meta.get("articletitle") or meta.get("pubdate") or _says_more(lines, PROSE * 10 if named else PROSE):
        return None
    if sum(len(line.text) for line in lines) < 200:
        for script in root.iter("script"):
            code = (script.text or "")[:200_000]
            if _CHALLENGE.search(code):
                return said("a challenge that a script has to solve")
    if sum(line.linked for line in lines) > 600:
        return None  # a site's frame with navigation: an ordinary page with a short text
    if not named and any(labels.is_info(line.text) and dates.find(line.text) for line in lines):
        return None  # what prints when it was published is a document, however short
    found = [t for t in (title, *(line.text for line in lines[:80])) if SIGNS.fit(t)]
    return said("a page that says “{words}”", words=found[0][:60]) if found else None


def _says_more(lines: list[Line], limit: float) -> bool:
    """Whether there is more prose than that; a document's first paragraphs tell."""
    prose = 0.0
    for line in lines:
        if weigh(line) and not SIGNS.fit(line.text):
            prose += weigh(line)
            if prose > limit:
                return True
    return False
