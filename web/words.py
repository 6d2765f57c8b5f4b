"""The words that pages have beside their templates: the navigation, and tables of labels."""

from __future__ import annotations

from notify.language import N_

NAVIGATION = {
    "/": N_("最新"),
    "/digest": N_("周报"),
    "/plans": N_("计划"),
    "/search": N_("检索"),
    "/regions": N_("各地"),
    "/publishers": N_("机关"),
    "/sources": N_("来源站点"),
    "/calendar": N_("日历"),
    "/trends": N_("趋势"),
    "/subscribe": N_("订阅"),
}
DESK = {
    "/operator": N_("概况"),
    "/operator/sources": N_("来源站点"),
    "/operator/sources/new": N_("添加来源"),
    "/operator/mail": N_("订阅与寄送"),
    "/operator/plans": N_("合并与拆分"),
}
RUNS = {
    "done": N_("完成"),
    "degraded": N_("部分完成"),
    "failed": N_("失败"),
    "interrupted": N_("被停止"),
    "killed": N_("中断"),
}
DELIVERIES = {
    "waiting": N_("等待寄出"),
    "sent": N_("已寄出"),
    "refused": N_("被拒收"),
    "abandoned": N_("多次失败，已放弃"),
    "dropped": N_("不再需要"),
}
SUBSCRIPTIONS = {
    "pending": N_("等待确认"),
    "active": N_("正常"),
    "paused": N_("已暂停"),
    "ended": N_("已退订"),
}
ORIGINS = {
    "source": N_("来源文件指定"),
    "meta": N_("网页头部"),
    "box": N_("信息公开表"),
    "info": N_("标题下方"),
    "cover": N_("文件首尾"),
    "text": N_("正文"),
    "title": N_("标题"),
    "url": N_("网址"),
}
STATES = {
    "read": N_("已读取"),
    "scanned": N_("扫描件"),
    "encrypted": N_("有密码"),
    "unreadable": N_("无法读取"),
    "too large": N_("过大"),
    "missing": N_("已失效"),
}
PROBLEMS = {
    400: N_("这个请求无法理解"),
    401: N_("请先登录"),
    403: N_("没有权限"),
    404: N_("没有这个页面"),
    405: N_("不支持这种操作"),
    408: N_("发送超时，请重试"),
    410: N_("这个链接已失效"),
    413: N_("提交的内容过大"),
    422: N_("填写有误"),
    429: N_("请求过于频繁，请稍后再试"),
    503: N_("服务暂时不可用"),
}
