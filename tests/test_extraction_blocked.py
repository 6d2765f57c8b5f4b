"""Gateways, challenges, errors, logins and maintenance in the dress of a page are refused; documents never are."""

from __future__ import annotations

import datetime as dt
import tarfile
from pathlib import Path

import pytest

from crawler.extraction import read
from store.errors import Blocked, Unreadable
from store.flow import Capture

SHELLS = {
    "瑞数": "<html><head><meta id='x' content='abc'><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.cd='qx';</script></head><body></body></html>",
    "加速乐 first": "<script>document.cookie=('_')+('_')+('j')+('s')+('l')+';max-age=3600;path=/';location.href=location.pathname+location.search</script>",
    "加速乐 second": '<script>;go({"bts":["170","xc"],"chars":"ab","ct":"9","tn":"__jsl_clearance_s","vt":"3600"})</script>',
    "阿里云": "<html><script>var arg1='0A1B2C3D4E5F60718293A4B5C6D7E8F901234567';</script><body></body></html>",
    "云锁": "<script>function YunSuoAutoJump(){self.location='/?security_verify_data=31';}</script><script>setTimeout('YunSuoAutoJump()',50);</script>",
    "安全狗": "<title>网站防火墙</title><h1>网站防火墙</h1><p>您的请求带有不合法参数，已被网站管理员设置拦截！</p><p>可能原因：您提交的内容包含危险的攻击请求</p>",
    "创宇盾": "<title>创宇盾</title><p>当前访问疑似黑客攻击，已被创宇盾拦截。</p><p>如有疑问，请联系网站管理员并提供事件ID。</p>",
    "滑块": "<title>访问验证</title><p>为了保护您的访问安全，请拖动滑块完成验证</p>",
    "too fast": "<p>您的访问过于频繁，请稍后再试</p>",
    "404": "<title>404</title><h1>您访问的页面不存在</h1><p>5 秒后返回首页</p>",
    "404 politely": "<p>很抱歉，您要查看的文章不存在或已被删除。</p><a href='/'>返回首页</a>",
    "找不到": "<title>找不到页面</title><p>找不到该页面，可能已经移动。</p>",
    "没有找到": "<h2>没有找到相关信息</h2>",
    "login": "<title>用户登录</title><form><p>用户名：</p><p>密码：</p></form><p>账号 密 码</p>",
    "login to see": "<p>该内容仅对内部开放，</p><p>请登录后查看</p>",
    "maintenance": "<title>系统维护</title><p>网站正在进行系统维护中，给您带来不便敬请谅解。</p>",
    "closed": "<p>网站已关闭</p>",
    "500": "<title>500</title><p>服务器内部错误</p>",
}

SNAPSHOTS = sorted((Path(__file__).parents[2] / "shared" / "sites").glob("*.tar.xz"))
SENTENCE = "全市各级各类学校要把网络安全放在首位，逐校排查、逐项整改，确保系统稳定运行。"


def read_html(html: str) -> str:
    capture = Capture(
        "http://jyj.example.gov.cn/a/1.html",
        200,
        (("Content-Type", "text/html; charset=utf-8"),),
        html.encode(),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    return read(capture).text


@pytest.mark.parametrize("html", SHELLS.values(), ids=SHELLS.keys())
def test_a_shell_is_no_document(html: str) -> None:
    if "<body>" not in html:
        html = f"<html><body>{html}</body></html>"
    with pytest.raises((Blocked, Unreadable)) as caught:
        read_html(html)
    assert type(caught.value) is Blocked


@pytest.mark.parametrize(
    "inner",
    [
        f"<h1>关于网站系统维护的通知</h1><p>发布时间：2024-03-01 来源：信息中心</p><p>{SENTENCE}</p>",
        f"<h1>2024年网络安全工作要点</h1><p>一、加强网站防火墙建设</p><p>{SENTENCE * 3}</p><p>二、请求被拦截时及时上报</p><p>{SENTENCE * 3}</p>",
        "<h1>学籍系统登录须知</h1><p>日期：2024-03-01</p><p>用户名为学籍号，初始密码为身份证号后六位，请登录后修改。</p>",
        f"<h1>关于失踪文件的说明</h1><p>找不到文件的学校，请与办公室联系。</p><p>{SENTENCE * 6}</p>",
        f"<script>document.cookie='seen=1';if(self!=top)location.href='/';</script><h1>云溪市工作计划</h1><p>{SENTENCE * 6}</p>",
    ],
)
def test_a_document_may_speak_of_all_that(inner: str) -> None:
    assert read_html(f"<html><body><div>{inner}</div></body></html>")


@pytest.mark.skipif(not SNAPSHOTS, reason="needs ../shared/sites, snapshots of real sites")
@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda path: path.name.split(".")[0])
def test_no_page_of_a_real_site_is_called_a_shell(snapshot: Path) -> None:
    with tarfile.open(snapshot) as archive:
        pages = [member for member in archive if member.name.endswith(".html")]
        for member in pages[::4]:
            file = archive.extractfile(member)
            assert file is not None
            try:
                read_html(file.read().decode("utf-8", "replace"))
            except Unreadable:
                continue  # a list has no text of its own
