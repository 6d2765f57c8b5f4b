"""Every class of attack is blocked, in the short form of `python -m bench.attacks`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.attacks import Ground, find_classes

BOTH = sorted(name for name, found in find_classes().items() if found.BOTH_DATABASES)
ONE = sorted(set(find_classes()) - set(BOTH))


def check_blocked(name: str, data: Path, database_url: str) -> None:
    attempts = list(find_classes()[name].attempt(Ground(data, database_url, is_short=True)))
    assert attempts
    assert not [attempt for attempt in attempts if attempt.breach]


@pytest.mark.one_database
@pytest.mark.parametrize("name", ONE)
def test_attacks_that_reach_no_database_are_blocked(name: str, data: Path, database_url: str) -> None:
    check_blocked(name, data, database_url)


@pytest.mark.parametrize("name", BOTH)
def test_attacks_are_blocked_on_both_databases(name: str, data: Path, database_url: str) -> None:
    check_blocked(name, data, database_url)
