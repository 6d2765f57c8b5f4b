"""The long proof of `bench.cluster` in short: workers, scheduler, PostgreSQL and S3 as processes, some of them killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import postgresql
from bench.cluster import proof
from bench.many_sites import ManySites


@pytest.mark.skipif(postgresql.programs() is None, reason=postgresql.MISSING)
def test_killed_at_random_a_fleet_ends_as_one_machine_that_nobody_disturbed(tmp_path: Path) -> None:
    with ManySites(hosts=2, sources=4, documents=2, latency_s=0.05) as sites:
        made = proof(tmp_path, sites, workers=2, seconds=12, pause_s=(2, 4), seed=7, least_days=1, most_s=240)
    assert sum(made.killed.values()) >= 1
    assert made.holds, made
