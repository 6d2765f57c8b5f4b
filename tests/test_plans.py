"""Which documents carry the same plan: copies that a mirror damaged do, look-alikes don't."""

from __future__ import annotations

import json

import pytest
from conftest import Run

from store.alike import own_title
from store.database import Database


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("某市教育局关于印发《某市教育局2026年工作要点》的通知", "某市教育局2026年工作要点"),
        ("关于印发 《某县“十五五”教育发展规划》的通知", "某县“十五五”教育发展规划"),
        ("转发省厅《关于做好〈条例〉宣传的方案》的通知", "关于做好〈条例〉宣传的方案"),
        ("某市2026年教育工作计划", "某市2026年教育工作计划"),
        ("关于《某市规划》公开征求意见的公告", "关于《某市规划》公开征求意见的公告"),
    ],
)
def test_a_plan_is_called_by_its_own_title(title: str, own: str) -> None:
    assert own_title(title) == own


def test_reprints_are_linked_to_their_original_and_nothing_else_is(archive: Database, yaodian: Run) -> None:
    plans = json.loads(yaodian("plans", "--format", "json").stdout)
    shared = {plan["title"]: plan["documents"] for plan in plans if len(plan["documents"]) > 1}
    assert sorted(shared) == [
        "桂岭市教育局2026年教育工作要点",
        "陇原市“十五五”教育发展规划",
        "陇原市教育局2026年工作要点",
    ]
    for documents in shared.values():
        roles = {document["kind"]: document["role"] for document in documents}
        assert roles == {"official": "original", "mirror": "reprint"}
        assert all(document["similarity"] > 0.6 for document in documents)
