"""How often one may ask: the counting, and the answers when it is too often."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.kit.limits import Allowance, Limits, subscriber
from lab.gateway import running
from tests.api_registry.world import World, begin, settings


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_and_then_the_rate() -> None:
    clock = Clock()
    limits, allowance = Limits(clock), Allowance(60, 5)
    assert [limits.take(allowance, "a") for _ in range(5)] == [0] * 5
    assert limits.take(allowance, "a") == pytest.approx(1)
    assert limits.take(allowance, "b") == 0
    clock.now += 1.01
    assert limits.take(allowance, "a") == 0
    assert limits.take(allowance, "a") > 0
    clock.now += 3600
    assert [limits.take(allowance, "a") for _ in range(6)].count(0) == 5


def test_many_keys_do_not_get_into_each_others_way() -> None:
    """As many keys as there are cells in a row: hardly one is refused for the others."""
    limits, allowance = Limits(Clock()), Allowance(60, 1)
    refused = sum(limits.take(allowance, f"192.0.2.{number}") > 0 for number in range(1 << 16))
    assert refused < 0.06 * (1 << 16)


def test_processes_count_together() -> None:
    limits, allowance = Limits(), Allowance(1, 10)

    def take(_: int) -> float:
        return limits.take(allowance, "a")

    context = multiprocessing.get_context("fork")
    for number in range(10):
        process = context.Process(target=take, args=(number,))
        process.start()
        process.join()
    assert limits.take(allowance, "a") > 0


@pytest.mark.parametrize(
    ("address", "limited"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_whose_an_address_is(address: str, limited: str) -> None:
    assert subscriber(address) == limited


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("strict")
    with running(directory, bpffs, more=settings(directory, check=5, token=40)) as gateway:
        yield begin(gateway)


def test_the_public_question_is_rationed_by_address(strict: World) -> None:
    def ask(**headers: str) -> int:
        return strict.ask("GET", "/v1/check?address=192.0.2.1", who=None, **headers).status

    assert [ask() for _ in range(5)] == [200] * 5
    refused = strict.ask("GET", "/v1/check?address=192.0.2.1", who=None)
    assert refused.kind == "rate-limited"
    assert 0 < int(refused.headers["retry-after"]) <= 12
    assert ask(X_Forwarded_For="192.0.2.77") == 200  # a proxy on this machine says for whom it asks
    assert [ask(X_Forwarded_For=f"10.0.0.{number}, 192.0.2.78") for number in range(7)].count(200) == 5
    assert strict.ask("GET", "/v1/officers").status == 200


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        (
            81,
            (
                "192.0.2.81",
                "192.0.2.81:4711",
                "192.0.2.81:4712",
                '"192.0.2.81:4713"',
                "::ffff:192.0.2.81",
                "10.9.9.9, 192.0.2.81:1",
            ),
        ),
        (
            82,
            (
                "2001:db8:82::1",
                "[2001:db8:82::2]:4711",
                "[2001:db8:82::3]",
                '"[2001:db8:82::4]:1"',
                "2001:db8:82::5%eth0",
                "2001:DB8:82:0:0:0:0:6",
            ),
        ),
        (83, ("unknown", "", "_hidden", "192.0.2.300", "for=192.0.2.83", "x" * 500)),
    ],
)
def test_an_address_is_one_however_a_proxy_writes_it(strict: World, number: int, forms: tuple[str, ...]) -> None:
    def ask(form: str) -> int:
        return strict.ask("GET", "/v1/check?address=192.0.2.1", who=None, X_Forwarded_For=form).status

    statuses = [ask(form) for form in (*forms, *forms)]
    assert statuses.count(200) <= 5


def test_a_token_is_rationed(strict: World) -> None:
    answers = [strict.ask("GET", "/v1/officers", who="auditor") for _ in range(50)]
    kinds = [answer.kind for answer in answers if answer.status != 200]
    assert 0 < len(kinds) <= 11
    assert set(kinds) == {"rate-limited"}
    assert strict.ask("GET", "/v1/officers", who="second").status == 200
