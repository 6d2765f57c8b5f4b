"""What tells a document's lines from those that a site prints around them: rules as data, each with a line that it
takes and, where one taught it, a line that it must leave. A test runs every rule on its examples."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True)
class Rule:
    """`pattern` is searched from the line's start; `limit` is the longest line it is asked of, since long lines are
    prose and a bounded line bounds the pattern too."""

    pattern: str
    takes: str
    leaves: str = ""
    limit: int = 60
    compiled: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern, re.I))

    def fits(self, line: str) -> bool:
        return len(line) <= self.limit and self.compiled.match(line) is not None


class Rules:
    """Rules asked together: first one pattern of all of them, since most lines fit none."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.all = rules
        self._longest = max(rule.limit for rule in rules)
        self._any = re.compile("|".join(f"(?:{rule.pattern})" for rule in rules), re.I)

    @lru_cache(maxsize=4096)  # noqa: B019 (the sets of rules live as long as the program)
    def fit(self, line: str) -> bool:
        if len(line) > self._longest or self._any.match(line) is None:
            return False
        return any(rule.fits(line) for rule in self.all)


# Lines of the page's furniture; no document has them, wherever they stand.
NOISE = Rules(
    (
        Rule(
            r"[\[【（(<]*\s*(?:上|下|前|后)\s*一\s*[篇条则页个张]\s*(?:文章|新闻|信息)?\s*[】\]）)>]*\s*(?:[:：>»]|$)",
            "上一篇：关于放假的通知",
            "下一篇章要写好",
            200,
        ),
        Rule(
            r"推荐访问\s*[:：]|相关(?:热词|标签|关键词)(?:搜索)?\s*[:：]|(?:文章)?标签\s*[:：]",
            "推荐访问:教育 计划",
            "",
            300,
        ),
        Rule(
            r".{0,200}(?:下面|以下)(?:是|为)小编.{0,120}(?:整理|收集|分享|带来)",
            "下面是小编为大家整理的工作计划，供大家参考。",
            "",
            500,
        ),
        Rule(
            r"(?:小编|本站|本文)?[^。]{0,40}(?:仅供|供)大家参考[^。]{0,20}[。！]?$",
            "以上材料由本站整理，供大家参考。",
            "",
            90,
        ),
        Rule(
            # but for a form's: “审核人： 填表日期：”, or beside it other cells
            r"(?!.{0,60}(?:\t|填\s*[表报写]|制\s*表|经办|签\s*[字章名]))[【\[（(]?\s*(?:责任?\s*编辑|责\s*编|编\s*辑|编\s*审|网络编辑|审\s*核|审\s*校|校\s*对|初\s*审|复\s*审|终\s*审|一审|二审|三审|录\s*入|发布人|信息员|上传|文字编辑|值班编辑|[总主]编)(?:人|员|者)?\s*[:：]",
            "责任编辑：张三",
            "审核人：　　填表日期：",
            60,
        ),
        Rule(
            r"[【\[]?\s*(?:信息|稿件|文章|新闻|内容|本文|文稿)?来\s*源\s*[:：]\s*[^。；]{0,40}$",
            "来源:某地教育发布",
            "来源：以上数据由各县汇总上报得出。",
            50,
        ),
        Rule(
            r"(?:用?手机)?(?:扫一扫|扫描|扫码|扫二维码)[^。]{0,30}$|分享到?(?:微信|微博|朋友圈|[:：])[^。]{0,60}$|微信扫|.{0,8}二维码$",
            "扫一扫在手机打开当前页",
            "扫描件须加盖公章。",
        ),
        Rule(
            r"[【\[（(]?\s*(?:我要)?(?:打印|关闭|收藏|返回|分享|纠错|复制|朗读|返回顶部|返回列表|加入收藏|字体|字号)(?:本页|本文|此页|页面|窗口|到|链接|网址|正文|顶部|列表|上一页|首页|大小)?\s*[】\]）)：:]?(?:[\s|｜:：/【】\[\]（）()]*(?:大|中|小|特大|默认|打印|关闭|本页|窗口|收藏|返回|分享|页面|顶部|此页|微信|微博|QQ空间|复制|链接)){0,12}[\s|｜】\]）)]*$",
            "【打印】【关闭】",
            "返回工作岗位",
        ),
        Rule(
            r"[【\[（(]?\s*(?:字体|字号|文字大小)\s*[:：]?\s*[\[【（(]?\s*(?:大|小|中|特大|A|T)(?=[\s\]】）)]|$)",
            "【字体：大 中 小】",
            "字体大小适中的牌匾",
        ),
        Rule(
            r"(?:浏览|阅读|点击|访问)(?:次数|数|量|率)?\s*[:：]\s*\[?\s*\d*\s*次?\]?\s*$|本文已影响",
            "浏览次数：1234次",
            "阅读量要达到每人三十本",
        ),
        Rule(
            r"(?:(?:无障碍(?:阅读|浏览|模式|服务)?|关怀版|长者(?:版|模式|助手|专区)|适老(?:版|模式|化)|大字版|大字幕|繁體?体?版?|简体版?|(?:语音|智能)(?:播报|朗读|阅读)|听全文|听新闻|(?:播放|暂停|停止)(?:语音|朗读)?|登录|注册|微信|微博|新浪微博|腾讯微博|QQ空间|朋友圈|手机版|English)[\s|｜/·:：]*){1,10}$",
            "无障碍阅读 | 关怀版",
            "登录平台填报材料",
        ),
        Rule(
            r"(?:您|你)?(?:访问的链接|点击的链接)?即将离开.{0,40}(?:网站|门户)|(?:继续访问|放弃)(?:\s*(?:继续访问|放弃))?$",
            "您访问的链接即将离开本网站，是否继续？ 继续访问 放弃",
            "即将离开校园的毕业生",
            100,
        ),
        Rule(
            r"(?:您|你)(?:觉得|认为)(?:这篇|本篇|该|此)(?:文章|信息|内容)|(?:有用|没用|无用|有帮助|没帮助|满意|不满意|一般)\s*[(（]\s*\d*\s*[)）](?:\s*(?:有用|没用|无用|有帮助|没帮助|满意|不满意|一般)\s*[(（]\s*\d*\s*[)）])*$",
            "有用(0) 没用(0)",
            "满意度要达到九成",
        ),
        Rule(
            r"(?:本文|本页|文章)(?:链接|地址|网址)\s*[:：]", "本文链接：http://www.example.cn/1.html", "", 300
        ),
        Rule(
            r"[（(]?\s*《[^《》]{2,14}》\s*[（(]\s*(?:19|20)\d{2}年\s*\d{1,2}月\s*\d{1,2}日.{0,14}版\s*[)）]{1,2}$",
            "《某某日报》（2024年05月10日 04版）",
            "《某办法》（2024年5月10日某局印发）",
        ),
        Rule(
            r"(?:[顶踩赞]一下\s*(?:[(（]\d*[)）])?\s*){1,3}$", "顶一下 (0) 踩一下 (0)", "顶一下教育的重担。"
        ),
        Rule(r"[-—=_*~·\s]*(?:分[隔割]线)?[-—=_*~·\s]{5,}$", "------分隔线------------", "——某某某"),
        Rule(
            r"(?:附件|资料)下载\s*[:：]?[\s|｜]*$|(?:视频|图解|相关(?:报道|文件|专题|附件|链接|新闻|文章|信息|阅读|稿件|解读|政策|内容|推荐))\s*[:：]?$",
            "相关报道：",
            "附件下载说明",
        ),
        Rule(
            r"相关(?:解读|文件|链接|阅读|政策|稿件|报道|新闻)\s*[:：]",
            "相关解读：一图读懂",
            "相关文件精神",
            120,
        ),
        Rule(
            r"(?:\d{1,2}[.、]\s*)?(?:图解|一图读懂|图文解读|政策解读|视频解读)\s*[:：]",
            "2.图解：《某办法》",
            "图解要通俗",
            120,
        ),
        Rule(
            r"(?:点击)?阅读(?:原文|全文)$|分享让更多人|(?:欢迎)?关注.{0,6}公众号|play video$|更多\s*[>»]*$|(?:点击)?查看(?:原文|更多)$|展开全文$",
            "点击阅读原文",
            "阅读全文后写感想",
            40,
        ),
        Rule(
            r"[\w\-—（）()\u4e00-\u9fff]{1,60}\.(?:png|jpe?g|gif|bmp|webp)$", "微信图片_20210101.png", "", 70
        ),
        Rule(
            r"(?:【|\[)?(?:关闭窗口|打印本页|我要打印|我要纠错|收藏本页|打印|关闭|顶部|TOP|纠错|返回|分享|收藏)(?:】|\])?$",
            "关闭窗口",
        ),
        Rule(
            r"(?=.{0,60}页)(?:首页|上页|下页|尾页|末页|上一页|下一页|\d{1,3}(?!\d)|[\s|<>«»…]){2,}$",
            "上一页 1 2 3 下一页",
            "2014",
        ),
        Rule(r"共\s*\d{1,3}\s*页\s*[:：]?$", "共3页:", "共3页材料，请逐页盖章。"),
        Rule(
            r"(?:您的?(?:当前|现在)?|当前|现在)(?:所在)?的?位置\s*(?:是|为)?\s*[:：]|(?:所在)?位置\s*[:：]\s*(?:网站)?首页",
            "您现在的位置：首页 > 公开",
            "位置：校园东侧入口处摆放。",
            150,
        ),
        Rule(r"首页\s*(?:[>＞»/|\\›→-]|&gt;){1,2}", "首页>>新闻中心 >> 资讯", "首页改版", 150),
        Rule(
            r"(?:您|你)?的?浏览器(?:不支持|版本)|请(?:使用|开启|启用|打开).{0,12}(?:浏览器|javascript|脚本)|.{0,20}不支持(?:html5|video|audio|iframe|flash)",
            "您的浏览器不支持video标签",
            "",
            100,
        ),
        Rule(
            r"(?:温馨)?提示\s*[:：].{0,20}(?:浏览器|无障碍|加载)|(?:正在)?加载中|\s*var\s+\w+\s*=|document\.write|function\s*\(",
            "正在加载中",
            "",
            200,
        ),
        Rule(
            r"(?:为?您的|您对.{0,12})满意度|满意度(?:评价|调查|测评|打分)\s*[:：]?$|(?:本文|此文|文章)?对您(?:有|是否)|.{0,6}免责声明\s*[:：]",
            "本文对您是否有用",
            "满意度明显提高。全面进入教育强市行列。",
            200,
        ),
        Rule(
            r"[【\[（(]?\s*(?:免责|版权|郑重|转载|特别)(?:声明|说明|提示)\s*[】\])）]?\s*[:：]",
            "免责声明：本文来自网络。",
            "版权声明要上墙",
            500,
        ),
        Rule(
            r"(?:本站|本网|本文).{0,60}(?:来(?:自|源于)(?:网络|互联网)|网友(?:投稿|上传)|侵(?:权|犯)|转载)|(?:如有|若有|如涉及).{0,12}侵(?:权|犯)|(?:未经.{0,20})?转载(?:请|时|须).{0,12}(?:注明|联系|标明)",
            "本文来源于网络，如有侵权请联系删除",
            "转载平台要登记备案。",
            200,
        ),
    )
)

# Where the site's own closing begins: what follows is dropped with it when it weighs little.
CLOSING = Rules(
    (
        Rule(
            r"(?:相关|热门|推荐|最新|更多|热点|精彩|猜你|延伸|其他|同类|本类|本栏目|栏目|最近|随机)(?:阅读|链接|新闻|文章|信息|内容|推荐|资讯|动态|喜欢|导读|报道|稿件|附件|解读|文档|图文|专题|排行|导航|点击)\s*[:：>]?(?:更多)?\s*$",
            "热门文章",
            "相关内容要求",
        ),
        Rule(
            r"(?:友情|快速|常用|站群|网站)(?:链接|导航|集群|地图)",
            "友情链接",
            "网站地图要更新完善并公布。",
            12,
        ),
        Rule(r".{0,40}(?:版权所有|copyright|all rights? reserved|©)", "Copyright @ 2018 某网", "", 300),
        Rule(
            r".{0,80}(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s*ICP\s*备|公网安备|网站标识码|ICP备案)",
            "蒙ICP备00000000号",
            "",
            400,
        ),
        Rule(
            r"(?:主\s*办|承\s*办|主\s*管|协\s*办)(?:单位)?\s*[:：].{0,80}(?:地址|电话|邮编|备案|承办|主办|技术支持|维护)",
            "主办单位：某局 承办单位：信息中心",
            "主办单位：某市教育局",
            200,
        ),
        Rule(
            r"(?:关于我们|联系我们|网站声明|网站地图|版权声明|隐私声明|设为首页|加入收藏)(?:[\s|｜-]+(?:关于我们|联系我们|网站声明|网站地图|版权声明|隐私声明|设为首页|加入收藏|帮助中心|使用帮助|站点地图|法律声明))*\s*[|｜]?$",
            "关于我们",
            "联系我们的老师",
        ),
        Rule(
            r"(?:技术支持\s*[:：]|建议使用.{0,20}(?:分辨率|浏览器)|您是第.{0,12}(?:位|个)?访)",
            "技术支持：某公司",
            "技术支持由各县负责。",
            80,
        ),
        Rule(
            r"(?:地\s*址|单位地址)\s*[:：].{2,60}(?:邮编|邮政编码|传真)\s*[:：].{0,60}$",
            "地址：教育路1号 邮编：100000 传真：1234567",
            "",
            140,
        ),
        Rule(
            r"(?:网友|最新|全部|热门|发表|我要|文章|用户)?\s*评论\s*(?:区|列表|[(（]\d*[)）])?\s*$",
            "网友评论",
            "评论员文章",
        ),
    )
)

WORK = re.compile(
    r"(?:通知|公告|公示|通告|通报|意见|办法|规定|细则|方案|计划|规划|要点|报告|总结|决定|批复|函|简章|章程|制度|措施|纲要|安排|名单|指南|讲话|说明|标准|规范|条例)"
    r"(?:\s*[（(【〔《].{1,30}[)）】〕》])?$|关于.{4,}的"
)
"""What titles of official documents end with."""

# Lines above the text that lead a reader to it.
TEASER = Rules(
    (
        Rule(
            r".{0,200}(?:一起来看|↓↓|戳(?:下图|这里)|快来看|小编(?:带|整理|为))",
            "怎么干？一起来看↓↓↓",
            "",
            260,
        ),
        Rule(
            r"(?:现?将?)?(?:全文|内容|原文|正文)(?:内容)?(?:如下|刊发如下|公布如下)\s*[:：]?$",
            "全文如下",
            "内容如下表所示",
            14,
        ),
    )
)
ADVERT_TOKENS = frozenset(
    [
        "ad",
        "ads",
        "advert",
        "adsense",
        "adbox",
        "banner",
        "crumb",
        "crumbs",
        "breadcrumb",
        "breadcrumbs",
        "position",
        "location",
        "curpos",
        "weizhi",
        "dqwz",
        "wz_nav",
        "prevnext",
        "prev_next",
        "pre_next",
        "prenext",
        "pnext",
        "page_turn",
        "share",
        "bdshare",
        "bdsharebuttonbox",
        "social-share",
        "fenxiang",
        "related",
        "relate",
        "recommend",
        "xgxw",
        "xgwz",
        "xglj",
        "xgnews",
        "qrcode",
        "qr_code",
        "qr",
        "ewm",
        "erweima",
        "tools",
        "toolbar",
        "tool",
        "links",
        "friendlink",
        "footer",
        "foot",
        "bottom",
        "copyright",
        "sidebar",
        "aside",
        "nav",
        "navbar",
        "navigation",
        "topnav",
        "menu",
        "submenu",
        "leftnav",
        "sidenav",
        "header",
        "head",
        "top",
        "topbar",
        "search",
        "searchbox",
        "login",
        "comment",
        "comments",
        "pl",
        "hot",
        "hotnews",
        "rank",
        "paihang",
        "tags",
        "keywords",
        "pagination",
        "pagelist",
        "dede_pages",
        "fenye",
        "pager",
        "pages",
        "page",
        "statement",
    ]
)
"""Words in ids and classes by which furniture calls itself. Never enough alone: see `locate.furniture`."""

ADVERT = re.compile(
    r"(?:ads?|adv|advert|gg|guanggao)[-_\d]|[a-z]{2,12}[-_](?:ads?|adv|advert|gg|guanggao)(?:[-_\d]|$)"
)
"""A name that says 广告 with something more: ad-336, ad_inline, content-ad."""

CONTAINERS = {
    "ucap-content": "UCAP", "trs_editor": "TRS", "trs_editor_view": "TRS", "trs_ueditor": "TRS", "zoom": "hanweb",
    "fontzoom": "hanweb", "vsb_content": "VSB", "vsb_content_2": "VSB", "vsb_content_4": "VSB", "vsb_content_6": "VSB",
    "vsb_content_100": "VSB", "vsb_content_500": "VSB", "vsb_content_501": "VSB", "v_news_content": "VSB",
    "wp_articlecontent": "webplus", "zfxxgk_zw_content": "xxgk", "pages_content": "UCAP", "js_content": "WeChat",
    "articlecontent": "", "article-content": "", "article_content": "", "articlebody": "", "article-body": "",
    "news_content": "", "newscontent": "", "news-content": "", "artibody": "", "art_content": "", "detailcontent": "",
    "detail-content": "", "xxgk_content": "xxgk", "infocontent": "", "contenttext": "", "content-text": "",
    "contentbody": "", "mainbody": "", "maintext": "", "textcontent": "", "con_text": "", "zwcontent": "", "newsbody": "",
}  # fmt: skip
"""Ids and classes of the containers that content management systems put a text into, → the make, where it is known."""
