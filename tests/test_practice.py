"""The practice tenant's life: found if running, started if not, and gone with its last user."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from practice_help import (
    HOLDER,
    clean_environ,
    end_any,
    ends,
    is_gone,
    line_of,
    posix_only,
    process,
    until,
)

from practice_tenant import ANSWER_SECONDS, Running, found
from practice_tenant.client import control, lease
from practice_tenant.client.control import announced
from practice_tenant.client.process import start
from practice_tenant.errors import PracticeTenantError, TenantDidNotStart, TenantNotRunning, TenantSilent
from practice_tenant.server.process import FIRST_LEASE_SECONDS
from workshop import practice
from workshop.core.private_files import make_private_folder
from workshop.core.settings import Settings, load
from workshop.practice import ensure


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = load({"WORKSHOP_STATE": str(tmp_path / "state")}, tmp_path)
    yield made
    end_any(made.state)


@pytest.fixture
def running(settings: Settings) -> Running:
    return ensure(settings, "test")


def test_it_is_started_and_answers(settings: Settings) -> None:
    assert found(settings.state) is None
    running = ensure(settings, "test")
    status = running.status()
    assert status["pid"] == running.pid
    assert status["leases"] == ["test"]
    assert running.ca.is_file()


def test_another_process_finds_the_one_that_runs(settings: Settings, running: Running) -> None:
    with process(HOLDER, "second", environ=clean_environ(settings.state)) as other:
        assert int(line_of(other)) == running.pid
        assert sorted(running.status()["leases"]) == ["second", "test"]


def test_asking_again_and_from_threads_takes_one_lease(settings: Settings) -> None:
    answers: list[Running] = []
    threads = [threading.Thread(target=lambda: answers.append(ensure(settings, "threads"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.pid for answer in answers} == {ensure(settings, "again").pid}
    assert len(answers) == 8
    assert answers[0].status()["leases"] == ["threads"]


RACER = (
    """
import sys
from workshop import practice
from workshop.core.settings import load
settings = load()
print("ready", flush=True)
sys.stdin.readline()
"""
    + HOLDER
)


def test_processes_that_start_at_the_same_moment_end_up_with_one(settings: Settings) -> None:
    environ = clean_environ(settings.state)
    with contextlib.ExitStack() as stack:
        racers = [stack.enter_context(process(RACER, name, environ=environ)) for name in ("a", "b", "c")]
        assert [line_of(racer) for racer in racers] == ["ready"] * 3
        for racer in racers:
            assert racer.stdin
            racer.stdin.write("\n")
            racer.stdin.flush()
        pids = {line_of(racer) for racer in racers}
        assert len(pids) == 1
        running = found(settings.state)
        assert running
        assert sorted(running.status()["leases"]) == ["a", "b", "c"]
    ends(running)


def test_a_killed_holder_takes_the_tenant_and_its_ports_with_it(settings: Settings) -> None:
    with process(HOLDER, "victim", environ=clean_environ(settings.state)) as victim:
        line_of(victim)
        running = found(settings.state)
        assert running
        victim.kill()
        victim.wait()
        ends(running)
        assert found(settings.state) is None


def test_it_stays_while_another_holder_is_left(settings: Settings, running: Running) -> None:
    with process(HOLDER, "victim", environ=clean_environ(settings.state)) as victim:
        assert int(line_of(victim)) == running.pid
        victim.kill()
        victim.wait()
        until(lambda: running.status()["leases"] == ["test"], "end of the victim's lease")
    assert ensure(settings, "test").pid == running.pid


FORKER = """
import os, sys, time
from workshop import practice
from workshop.core.settings import load
running = practice.ensure(load(), "parent")
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
sys.stdin.read()
"""


@posix_only
def test_a_forked_child_does_not_keep_the_parents_lease(settings: Settings) -> None:
    with process(FORKER, environ=clean_environ(settings.state)) as parent:
        child = int(line_of(parent))
        try:
            running = found(settings.state)
            assert running
            parent.kill()
            parent.wait()
            ends(running)
            assert not is_gone(child)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_tenant_that_ended_is_started_again_where_it_was(settings: Settings, running: Running) -> None:
    running.stop()
    ends(running)
    again = ensure(settings, "test")
    assert again.pid != running.pid
    assert (again.proxy, again.https, again.tenant_id) == (running.proxy, running.https, running.tenant_id)
    assert again.status()["leases"] == ["test"]


def test_a_killed_tenant_is_started_again(settings: Settings, running: Running) -> None:
    os.kill(running.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    ends(running)
    assert ensure(settings, "test").status()["leases"] == ["test"]


def test_a_lease_is_taken_again_when_another_process_started_it_anew(settings: Settings, running: Running) -> None:
    running.stop()
    ends(running)
    with process(HOLDER, "second", environ=clean_environ(settings.state)) as other:
        pid = int(line_of(other))
        again = ensure(settings, "test")
        assert again.pid == pid != running.pid
        assert sorted(again.status()["leases"]) == ["second", "test"]


@posix_only
def test_an_interrupt_of_the_starter_does_not_reach_it(running: Running) -> None:
    assert os.getsid(running.pid) != os.getsid(0)


def test_a_stranger_at_the_old_door_is_not_taken_for_it(settings: Settings, running: Running) -> None:
    running.stop()
    ends(running)
    with socket.create_server(("127.0.0.1", urlsplit(running.control).port or 0)) as silent:
        again = ensure(settings, "test")
        assert again.control != running.control
        assert again.status()["pid"] == again.pid
        silent.close()


@posix_only
@pytest.mark.thorough
def test_one_that_is_slow_to_answer_is_waited_for(settings: Settings) -> None:
    """Nobody has a lease yet: a holder that gave up would be the last one to let go, and end the tenant."""
    assert start(make_private_folder(settings.state), 60)
    slow = announced(settings.state)
    assert slow
    with ThreadPoolExecutor() as threads:
        os.kill(slow.pid, signal.SIGSTOP)
        try:
            status = threads.submit(slow.status)
            taken = threads.submit(ensure, settings, "test")
            time.sleep(12)  # how slow it is
        finally:
            os.kill(slow.pid, signal.SIGCONT)
        assert status.result()["pid"] == taken.result().pid == slow.pid
    assert slow.status()["leases"] == ["test"]


@posix_only
def test_one_that_does_not_answer_is_not_taken_for_ended(
    settings: Settings, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_SECONDS", 0.5)
    os.kill(running.pid, signal.SIGSTOP)
    try:
        with pytest.raises(TenantSilent, match=f"process {running.pid}. did not answer"):
            ensure(settings, "test")
    finally:
        os.kill(running.pid, signal.SIGCONT)
    monkeypatch.undo()
    assert ensure(settings, "test").pid == running.pid


def test_whoever_starts_one_has_time_to_take_the_first_lease() -> None:
    assert FIRST_LEASE_SECONDS >= 2 * ANSWER_SECONDS


def test_a_garbled_announcement_is_not_believed(settings: Settings, running: Running) -> None:
    running.stop()
    (settings.state / "tenant.json").write_text('{"pid": "?"', "utf-8")
    assert found(settings.state) is None
    assert ensure(settings, "test").status()["leases"] == ["test"]


def test_a_learners_module_is_not_imported_by_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asyncio.py").write_text("raise SystemExit('not mine')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert ensure(settings, "test").status()["leases"] == ["test"]


def test_a_tenant_that_cannot_start_says_why_and_what_to_do(settings: Settings) -> None:
    (settings.state / "tenant.lock").mkdir(parents=True)
    with pytest.raises(TenantDidNotStart, match="workshop tenant run") as raised:
        ensure(settings, "test")
    assert "exit code" in raised.value.reason
    assert any("tenant.lock" in line for line in raised.value.last_lines)
    assert "\n" not in str(raised.value)


@posix_only
def test_a_lock_that_nobody_answers_for_ends_in_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr(lease, "START_SECONDS", 3.0)
    settings.state.mkdir(parents=True)
    with (settings.state / "tenant.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TenantDidNotStart, match="holds its lock"):
            ensure(settings, "test")


@posix_only
def test_it_leaves_no_zombie_and_its_files_are_private(settings: Settings, running: Running) -> None:
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in settings.state.iterdir()}
    assert modes["tenant-errors.log"] == 0o600
    assert modes["tenant.json"] == 0o600
    assert modes["control-secret"] == 0o600
    assert stat.S_IMODE(settings.state.stat().st_mode) == 0o700
    running.stop()
    until(lambda: not psutil.pid_exists(running.pid), "end without a zombie")


def test_control_calls_use_no_proxy(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert running.status()["pid"] == running.pid


def test_the_control_secret_is_not_shown(settings: Settings, running: Running) -> None:
    secret = (settings.state / "control-secret").read_text("utf-8").strip()
    assert running.secret == secret
    assert secret not in repr(running)
    assert secret not in json.dumps(running.status())


def test_calls_to_an_ended_tenant_say_what_to_do(running: Running) -> None:
    running.stop()
    with pytest.raises(TenantNotRunning, match="start cell"):
        running.status()


def test_another_directory_is_made_once_for_each_name(running: Running) -> None:
    made = running.new_directory("lesson05")
    assert made == running.new_directory("lesson05")
    assert made not in (running.tenant_id, running.new_directory("another"))
    running.reset()
    assert running.status()["pid"] == running.pid


def test_waiting_for_exchanges_ends_after_the_given_time(running: Running) -> None:
    began = time.monotonic()
    assert running.exchanges(after=running.last_exchange(), wait=0.3) == []
    assert 0.25 < time.monotonic() - began < 5


FETCHES = {
    "requests": "import requests; status = requests.get(url, timeout=120).status_code",
    "httpx": "import httpx; status = httpx.get(url, timeout=120).status_code",
    "httpx2": "import httpx2; status = httpx2.get(url, timeout=120).status_code",
    "aiohttp": """
import aiohttp, asyncio
async def fetch():
    limit = aiohttp.ClientTimeout(20)
    async with aiohttp.ClientSession(trust_env=True, timeout=limit) as session, session.get(url) as response:
        return response.status
status = asyncio.run(fetch())
""",
}

ENTERED = """
import sys
from workshop import practice
from workshop.core.settings import load
running = practice.enter(load(), sys.argv[1])
url = f"https://login.microsoftonline.com/{running.tenant_id}/v2.0/.well-known/openid-configuration"
"""


@pytest.mark.parametrize("library", FETCHES)
def test_an_unmodified_library_reaches_it_and_is_told_apart(settings: Settings, running: Running, library: str) -> None:
    code = ENTERED + FETCHES[library] + "\nprint(status)"
    with process(code, f"label-{library}", environ=clean_environ(settings.state)) as client:
        assert line_of(client) == "200"
    mine = running.exchanges(holder=f"label-{library}", wait=5)
    assert [(each["host"], each["status"]) for each in mine] == [("login.microsoftonline.com", 200)]
    assert running.exchanges(holder="label-of-nobody") == []
    assert running.last_exchange() >= mine[-1]["seq"]


def test_a_holders_name_must_fit_into_a_url(settings: Settings) -> None:
    with pytest.raises(PracticeTenantError, match="holder's name"):
        ensure(settings, "not:fit@all")
    assert not settings.state.exists()
    assert sys.modules["workshop.practice"] is practice
