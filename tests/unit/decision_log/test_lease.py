"""One of several processes holds a lease, and a former holder can do no harm."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from gearshift.decision_log import lease as lease_module
from gearshift.decision_log.database import open_database
from gearshift.decision_log.facts import read_fact, write_fact
from gearshift.decision_log.lease import Lease, LeaseLostError, holder_of
from gearshift.decision_log.schema import FACTS


@pytest.fixture
def engine(url):
    made = open_database(url)
    yield made
    made.dispose()


def expire(engine):
    """As if nobody had renewed it for longer than it lasts."""
    token, _, name = (read_fact(engine, "owner") or "").split(" ", 2)
    write_fact(engine, "owner", f"{token} 1000.000 {name}")


def held(engine):
    found = holder_of(engine)
    assert found is not None
    return found


def act(lease, engine, value):
    with lease.acting(engine) as connection:
        connection.execute(FACTS.insert().values(name=value, value=value))


def test_one_of_several_that_ask_at_once_has_it(engine):
    leases = [Lease(f"host:{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            taken = list(threads.map(lambda lease: lease.take(engine), leases))
            assert sum(taken) == 1
    (holder,) = [lease for lease in leases if lease.is_held]
    assert (held(engine).name, held(engine).token) == (holder._holder, 1)


def test_it_is_let_go_to_whoever_asks_next(log):
    first, second = Lease("first"), Lease("second")
    assert first.take(log)
    assert not second.take(log)
    first.release(log)
    assert not first.is_held
    assert holder_of(log) is None
    assert second.take(log)
    assert not first.take(log)
    first.release(log)  # is not its to let go
    assert second.take(log)
    assert held(log).token == 2


def test_one_that_is_not_renewed_ends_by_the_databases_clock(log):
    now = [0.0]
    first, second = Lease("first", clock=lambda: now[0]), Lease("second")
    assert first.take(log)
    now[0] = 14.9
    assert first.is_held
    now[0] = 15.0
    assert not first.is_held
    assert not second.take(log)  # whatever the clock of its holder says
    assert first.take(log)  # nobody has come in between
    assert held(log).token == 1
    expire(log)
    assert second.take(log)
    assert first._token == 1
    assert not first.take(log)


def test_a_former_holder_that_slept_changes_nothing(log):
    first, second = Lease("first"), Lease("second")
    assert first.take(log)
    act(first, log, "before")
    expire(log)
    assert second.take(log)
    with pytest.raises(LeaseLostError, match="another process"):
        act(first, log, "after")  # it still believes to hold it
    act(second, log, "instead")
    assert [read_fact(log, name) for name in ("before", "after", "instead")] == [
        "before", None, "instead",
    ]  # fmt: skip


def test_who_never_had_it_cannot_act(log):
    with pytest.raises(LeaseLostError):
        act(Lease("nobody"), log, "never")
    assert read_fact(log, "never") is None


def test_nobody_takes_it_over_within_what_its_holder_does(engine):
    first, second = Lease("first"), Lease("second")
    assert first.take(engine)
    expire(engine)
    done = []

    def take_over():
        try:
            done.append(second.take(engine))
        except SQLAlchemyError:  # SQLite waits for as long as it is told to
            done.append(second.take(engine))

    with first.acting(engine) as connection:
        other = threading.Thread(target=take_over)
        other.start()
        other.join(0.3)
        assert done == []
        connection.execute(FACTS.insert().values(name="deed", value="1"))
    other.join(30)
    assert done == [True]
    assert read_fact(engine, "deed") == "1"
    with pytest.raises(LeaseLostError):
        act(first, engine, "late")


def test_a_holder_that_is_paused_in_the_middle_is_given_up(postgres_url, monkeypatch):
    monkeypatch.setattr(lease_module, "_IDLE_MILLISECONDS", 200)
    engine = open_database(postgres_url)
    first, second = Lease("first"), Lease("second")
    assert first.take(engine)
    expire(engine)

    def act_late():
        with first.acting(engine) as connection:
            assert second.take(engine)  # waits until the database has given up the first
            connection.execute(FACTS.insert().values(name="deed", value="1"))

    with pytest.raises(SQLAlchemyError):
        act_late()
    assert read_fact(engine, "deed") is None
    engine.dispose()


@pytest.mark.parametrize("value", ["", "x", "1", "1 x y", "1 99999999999 wrong clock", "7 12 a b"])
def test_what_means_nothing_or_is_over_holds_up_nobody(log, value):
    write_fact(log, "owner", value)
    lease = Lease("host\n:1")
    assert lease.take(log)
    assert held(log).name == "host :1"
    act(lease, log, "deed")


def test_tokens_only_grow(log):
    tokens = []
    for number in range(3):
        lease = Lease(str(number))
        assert lease.take(log)
        tokens.append(held(log).token)
        lease.release(log)
    assert tokens == [1, 2, 3]


def test_leases_of_different_names_have_nothing_to_do_with_each_other(log):
    one, other = Lease("a", "one"), Lease("b", "other")
    assert one.take(log)
    assert other.take(log)
    with log.connect() as connection:
        names = connection.scalars(select(FACTS.c.name).where(FACTS.c.name.in_(["one", "other"])))
        assert sorted(names) == ["one", "other"]


def test_the_clock_is_the_databases(log):
    with log.connect() as connection:
        _, _, now = lease_module._read(connection, "owner")
        if log.dialect.name == "postgresql":
            wanted = connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
        else:
            wanted = connection.scalar(text("SELECT strftime('%s', 'now')"))
    assert abs(now - float(wanted)) < 20
