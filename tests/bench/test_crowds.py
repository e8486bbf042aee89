"""Crowds, shortened: nobody of a small one is refused, and no acknowledged answer is lost."""

import pytest

from bench.crowd_tables import Outcome, meet
from bench.report import Options
from tests.databases import SERVER

DATABASES = ("sqlite", "postgresql")


def small(name: str, database: str, learners: int, scale: float, workers: int = 1) -> Outcome:
    options = Options(
        server=SERVER.rpartition("/")[0], enrollments=0, rounds=1, seconds=1, only="", scale=scale, workers=workers
    )
    return meet(options, name, database, learners)


def assert_served(outcome: Outcome, *kinds: str) -> None:
    assert set(outcome.requests) == set(kinds)
    assert outcome.refused == 0, outcome.statuses
    assert outcome.acknowledged > 0
    assert outcome.lost == 0


@pytest.mark.postgres
@pytest.mark.timeout(180)
@pytest.mark.parametrize("database", DATABASES)
def test_nothing_is_lost_in_an_exam_of_twenty_seconds(database: str) -> None:
    outcome = small("exam-hour", database, learners=20, scale=1 / 30)

    assert_served(outcome, "start", "save", "submit", "result")
    assert outcome.requests["submit"]["asked"] == 20
    assert outcome.requests["save"]["asked"] >= 20


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", DATABASES)
def test_a_class_logs_in_and_opens_its_dashboard(database: str) -> None:
    outcome = small("nine-oclock", database, learners=50, scale=1 / 10)

    assert_served(outcome, "log in", "dashboard", "course", "outline", "lesson")
    assert outcome.acknowledged == 50


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", DATABASES)
def test_players_report_while_others_browse(database: str) -> None:
    outcome = small("video-evening", database, learners=100, scale=1 / 20)

    assert_served(outcome, "report", "list", "my-courses", "course", "lesson")


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_nothing_is_lost_with_two_processes_and_a_worker() -> None:
    assert_served(small("exam-hour", "postgresql", 50, 1 / 20, workers=2), "start", "save", "submit", "result")
