"""What a line or a heading says of its document: dates, labels, numbers, who signs and who is addressed, kind and place."""

from __future__ import annotations

import datetime as dt

import pytest

from crawler.extraction import (
    dates,
    labels,
    number,
    place,
    plan,
    signature,
)
from store.flow import Period


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2022- 07- 19 17: 18", "2022-07-19T17:18:00"),
        ("2024年3月5日印发", "2024-03-05"),
        ("二〇二四年十二月三十一日", "2024-12-31"),
        ("二○一九年十月二日", "2019-10-02"),
        ("二O一七年十二月二十九日", "2017-12-29"),
        ("二〇一六年十二月二日", "2016-12-02"),
        ("2018年12月24", "2018-12-24"),
        ("2024/2/30", None),
        ("2014122日印发", None),
        ("电话2024-12345", None),
    ],
)
def test_dates(text: str, iso: str | None) -> None:
    found = dates.find(text)
    assert (found.isoformat() if found else None) == iso


def test_labels() -> None:
    assert labels.read(["索 引 号：\t0145/2020\t文　号：\t云发〔2020〕3号"]) == {
        "index_number": "0145/2020",
        "document_number": "云发〔2020〕3号",
    }
    assert labels.read(["发布日期：2020-01-02来源：某局 浏览次数：3"]) == {
        "published_at": "2020-01-02",
        "source_label": "某局",
    }
    assert labels.read(["发布机构：", "某市教育局"]) == {"publisher": "某市教育局"}
    assert labels.is_info("【发布日期：2020-01-02】【来源：某局】")
    assert labels.is_info("日期:2024/8/1 7:59 | 来源:某院")
    assert not labels.is_info("学校名称要规范，时间：以通知为准。" * 30)
    assert not labels.is_info("一、来源于群众")


def test_numbers() -> None:
    assert number.choose("云教发【2024】第7号", [], [], None) == ("云教发〔2024〕第7号", "box")
    assert number.choose(None, [], ["云教发[2024] 7 号", "各学校："], None) == ("云教发〔2024〕7号", "cover")
    in_title = "关于放假的通知（云教函﹝2024﹞1号）"
    assert number.choose("〔〕 号", [], [], in_title) == ("云教函〔2024〕1号", "title")
    assert (
        number.choose(
            None,
            [],
            ["根据《办法》（教技厅〔2019〕2号）要求，现就有关事项通知如下。" * 2, "教技厅〔2019〕2号"],
            None,
        )
        is None
    )


def test_a_number_with_blanks_inside() -> None:
    assert number.choose("云 教发〔2024〕7号", [], [], None) == ("云教发〔2024〕7号", "box")
    assert number.choose(None, [], ["云 教\n发 〔2024〕 7 号"], None) == ("云教发〔2024〕7号", "cover")
    assert number.choose("云溪市教育局 云教发〔2024〕7号", [], [], None) == ("云教发〔2024〕7号", "box")
    assert number.choose(None, [], [], "关于放假的通知 云教函〔2024〕1号") == ("云教函〔2024〕1号", "title")
    assert not number.is_alone("云溪市教育局文件 云教发〔2024〕7号")


def test_signature_and_addressees() -> None:
    body = ["各县（区）教育局：", "现印发给你们。", "云溪市教育局", "云溪市财政局", "2024年2月26日"]
    assert signature.find(body) == signature.Signature("云溪市教育局 云溪市财政局", dt.date(2024, 2, 26))
    assert signature.find(["文/云溪市教育局", "2024年2月26日"]) is None
    assert signature.addressees(body) == "各县（区）教育局："
    assert signature.find([*body[:4], "2024年2月"]) == signature.Signature("云溪市教育局 云溪市财政局", None)


@pytest.mark.parametrize(
    ("last", "date"),
    [
        (["2020年11月5日"], dt.date(2020, 11, 5)),
        (["二〇一六年十二月二日"], dt.date(2016, 12, 2)),
        (["2018年12月24", "（此件公开发布）"], dt.date(2018, 12, 24)),
        (["2020年11月5日", "附件：1.名单", "2.汇总表"], dt.date(2020, 11, 5)),
        (["附件：名单.doc", "2020年11月5日", "联系人：张三"], dt.date(2020, 11, 5)),
        (["一、时间", "2020年11月5日", "1.上午报到", "2.下午开会"], None),
        (["一、时间", "2020年11月5日", "请各校准时参加。"], None),
        (["2020-11-05"], None),
    ],
)
def test_the_date_that_closes_a_text(last: list[str], date: dt.date | None) -> None:
    assert signature.closing_date(["现就有关事项通知如下。", *last]) == date


@pytest.mark.parametrize(
    "line",
    [
        "现将2019年法治政府建设工作情况报告如下：",
        "经研究，确定全省各专业合格线如下：",
        "我中心接受委托，公开转让以下资产：",
        "第一条 下列民事纠纷，人民法院应当依法受理：",
        "根据教育部考试中心的规定，现就报名有关事项公告如下：",
        "各位老师，亲爱的同学们：",
    ],
)
def test_who_is_not_addressed(line: str) -> None:
    assert signature.addressees([line, "各有关单位和学校要认真执行。"]) is None


@pytest.mark.parametrize(
    ("title", "kind", "period"),
    [
        ("关于印发《云溪市“十四五”教育发展规划》的通知", "发展规划", Period(2021, 2025)),
        ("云溪中学2019-2020学年度工作计划（试行）", "工作计划", Period(2019, 2020)),
        ("2023—2025年行动计划", "行动计划", Period(2023, 2025)),
        ("云溪市2024年教育工作要点", "工作要点", Period(2024, 2024)),
        ("教育局年度工作计划(市)", "工作计划", None),
        ("吉溪市 “十三五”林业生态建设规划", "建设规划", Period(2016, 2020)),
        ("发展“十三五”规划", "发展规划", Period(2016, 2020)),
        ("工作要点解读", None, None),
        ("发展规划调研活动举行", None, None),
        (None, None, None),
    ],
)
def test_kind_and_period(title: str | None, kind: str | None, period: Period | None) -> None:
    assert (plan.kind_of(title), plan.period_of(title)) == (kind, period)


@pytest.mark.parametrize(
    ("code", "publisher", "title", "region"),
    [
        ("6200000068", None, None, "620000"),
        ("bm05000001", None, None, "000000"),
        (None, "抚顺市人民政府", None, "210400"),
        (None, "辽宁省抚顺市教育局", None, "210400"),
        (None, None, "2014年天津市教育工作要点", "120000"),
        (None, "教育部", None, "000000"),
        (None, "朝阳区教育委员会", None, None),
        (None, "市教育局", "年度工作计划", None),
    ],
)
def test_regions(code: str | None, publisher: str | None, title: str | None, region: str | None) -> None:
    assert (place.of_site(code) or place.named(publisher) or place.named(title)) == region
