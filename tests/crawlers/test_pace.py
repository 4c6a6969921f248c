"""What sources say of their quotas, and the bucket that obeys it."""

from __future__ import annotations

import pytest

from crawlers.http_pace import Quota, asked_wait, policy, remaining, retry_after
from tests.crawlers.conftest import Clock

LATER = {"date": "Wed, 21 Oct 2015 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2015 07:29:30 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 1.5 "}, 1.5),
        (LATER, 90.0),
        ({"retry-after": LATER["date"], "date": LATER["retry-after"]}, 0.0),
        ({"retry-after": LATER["retry-after"]}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_rate_limit_headers() -> None:
    headers = {"ratelimit": '"api";r=12;t=55', "ratelimit-policy": '"fixed window";"api";q=500;w=300'}
    assert remaining(headers) == (12, 55)
    assert policy(headers) == (500, 300)


@pytest.mark.parametrize("value", ["", "api;r=1;t=2", '"api";r=x;t=2', '"api";t=2;r=1', '"api";r=-1;t=2'])
def test_unreadable_rate_limits_say_nothing(value: str) -> None:
    assert remaining({"ratelimit": value}) is None


@pytest.mark.parametrize("value", ["", "q=0;w=300", "q=500", "w=1;q=2"])
def test_unreadable_policies_say_nothing(value: str) -> None:
    assert policy({"ratelimit-policy": value}) is None


def test_the_longer_wait_is_obeyed() -> None:
    assert asked_wait({"retry-after": "3", "ratelimit": '"api";r=0;t=55'}) == 55
    assert asked_wait({"retry-after": "70", "ratelimit": '"api";r=0;t=55'}) == 70
    assert asked_wait({"ratelimit": '"api";r=7;t=55'}) is None


def test_a_bucket_empties_and_fills_again(clock: Clock) -> None:
    quota = Quota(clock.monotonic, allowed=2, window=300)
    assert [quota.take(), quota.take()] == [0, 0]
    clock.now += 100
    assert quota.take() == 200
    clock.now += 200
    assert quota.take() == 0


def test_what_the_source_says_goes_before_our_guess(clock: Clock) -> None:
    quota = Quota(clock.monotonic, allowed=500, window=300)
    quota.learn({"ratelimit": '"api";r=1;t=40', "ratelimit-policy": '"fixed window";"api";q=3;w=60'})
    assert [quota.take(), quota.take()] == [0, 40]
    clock.now += 40
    assert [quota.take() for _ in range(4)] == [0, 0, 0, 60]


def test_without_a_quota_nothing_waits(clock: Clock) -> None:
    quota = Quota(clock.monotonic)
    assert not any(quota.take() for _ in range(5000))
