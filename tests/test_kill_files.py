"""kill -9 of restore, upgrade and gathering amid their steps: the same command again ends as if undisturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import kill_files, postgresql


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[kill_files.Job]:
    return kill_files.make_jobs(tmp_path_factory.mktemp("jobs"))


@pytest.mark.parametrize("number", [0, 1, 2], ids=["restore", "upgrade", "gather"])
def test_a_killed_command_is_repeated_to_the_same_end(
    jobs: list[kill_files.Job],
    number: int,
    server_or_none: postgresql.Server | None,
    database_kind: str,
    tmp_path: Path,
) -> None:
    new_url = str if server_or_none is None else server_or_none.create
    hit, wrong = kill_files.kill_often(jobs[number], 2, tmp_path, new_url)
    assert (hit, wrong) == (2, [])
