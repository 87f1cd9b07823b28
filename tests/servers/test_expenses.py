"""The store of the expenses: whose they are, from several threads and processes, and after a sudden end."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from practice_help import line_of, posix_only, process

from workshop.servers.caller import Owner
from workshop.servers.expenses import Expense, ExpenseStore, Filter

ROBIN, SAM = Owner("contoso", "robin"), Owner("contoso", "sam")
ROBIN_ELSEWHERE = Owner("fabrikam", "robin")
LUNCH = Expense(Decimal("12.50"), date(2026, 1, 15), "meals", "cash", "Lunch")


def spent(cents: int) -> Expense:
    return Expense(Decimal(cents).scaleb(-2), date(2026, 1, 15), "other", "own card", f"{cents} cents")


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ExpenseStore:
    return ExpenseStore(None if request.param == "memory" else tmp_path / "data" / "expenses.sqlite")


def test_rows_are_apart_by_user_and_by_tenant(store: ExpenseStore) -> None:
    """The same object id in another tenant is another user."""
    owners = (ROBIN, SAM, ROBIN_ELSEWHERE)
    for owner, cents in zip(owners, (100, 200, 300), strict=True):
        assert store.add(owner, spent(cents)).number == 1, "nobody's number tells how much others have"
    for owner, cents in zip(owners, (100, 200, 300), strict=True):
        assert store.list(owner) == [Expense(**{**vars(spent(cents)), "number": 1})]
        assert store.summarize(owner).total == Decimal(cents) / 100
    assert store.list(Owner("fabrikam", "sam")) == []


def test_sums_are_exact(store: ExpenseStore) -> None:
    """Ten times ten cents is one; binary fractions would not give it."""
    for _ in range(10):
        store.add(ROBIN, spent(10))
    summary = store.summarize(ROBIN)
    assert (summary.count, summary.total, summary.by_category) == (10, Decimal(1), {"other": Decimal(1)})
    assert store.summarize(ROBIN, Filter("meals")).total == 0


@pytest.mark.parametrize("text", ["'; DROP TABLE expense; --", "%", "日本語", "a\\b", "NULL"])
def test_text_stays_text(store: ExpenseStore, text: str) -> None:
    owner = Owner(text, text)
    store.add(owner, Expense(Decimal(1), date(2026, 1, 15), "other", "cash", text))
    assert store.list(owner)[0].description == text
    assert store.list(ROBIN) == []


def test_many_threads_lose_nothing(store: ExpenseStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda turn: store.add((ROBIN, SAM)[turn % 2], LUNCH).number, range(400)))
    assert sorted(numbers) == sorted(itertools.chain(range(1, 201), range(1, 201)))
    assert [store.summarize(owner).count for owner in (ROBIN, SAM)] == [200, 200]


def test_a_store_that_fails_in_the_middle_goes_on(store: ExpenseStore) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.add(ROBIN, spent(-5))
    assert store.add(ROBIN, LUNCH).number == 1
    assert store.list(ROBIN)[0].description == "Lunch"


def test_a_file_is_found_again_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "expenses.sqlite"
    first = ExpenseStore(path)
    first.add(ROBIN, LUNCH)
    first.close()
    first.close()
    assert ExpenseStore(path).list(ROBIN)[0].description == "Lunch"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@posix_only
def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "expenses.sqlite"
    store = ExpenseStore(path)
    store.add(ROBIN, LUNCH)
    files = list(tmp_path.iterdir())
    assert len(files) > 1, "the log beside it is there as well"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_store_that_nobody_holds_is_closed(tmp_path: Path) -> None:
    """An open one would keep the file from being deleted on Windows, and warn in later Pythons."""
    program = "import gc, sys\nfrom pathlib import Path\nfrom workshop.servers.expenses import ExpenseStore\n"
    program += "ExpenseStore(Path(sys.argv[1]))\ngc.collect()\nExpenseStore()\n"
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program, str(tmp_path / "expenses.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert [file.name for file in tmp_path.iterdir()] == ["expenses.sqlite"], "closed, it leaves no log behind"


WRITER = """
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from workshop.servers.caller import Owner
from workshop.servers.expenses import Expense, ExpenseStore

store = ExpenseStore(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for turn in range(int(sys.argv[3])):
    expense = Expense(Decimal(1), date(2026, 1, 15), "other", "cash", "x")
    print(store.add(Owner("contoso", sys.argv[2]), expense).number, flush=True)
"""


def test_several_processes_write_to_one_file(tmp_path: Path) -> None:
    path, each = tmp_path / "expenses.sqlite", 100
    with contextlib.ExitStack() as stack:
        arguments = (str(path), "robin", str(each))
        writers = [stack.enter_context(process(WRITER, *arguments, environ=dict(os.environ))) for _ in range(3)]
        for writer in writers:
            assert line_of(writer) == "ready"
        for writer in writers:
            assert writer.stdin
            writer.stdin.write("go\n")
            writer.stdin.flush()
        numbers = [int(line_of(writer)) for writer in writers for _ in range(each)]
    assert sorted(numbers) == list(range(1, 3 * each + 1))


@pytest.mark.parametrize("after", [1, 7, 40])
def test_what_was_answered_is_there_after_a_sudden_end(tmp_path: Path, after: int) -> None:
    path = tmp_path / "expenses.sqlite"
    with process(WRITER, str(path), "robin", "100000", environ=dict(os.environ)) as writer:
        assert line_of(writer) == "ready"
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
        answered = [int(line_of(writer)) for _ in range(after)][-1]
        writer.kill()
        writer.wait()
    store = ExpenseStore(path)
    found = store.summarize(ROBIN)
    assert found.count >= answered
    assert found.total == found.count
    assert store.add(ROBIN, LUNCH).number == found.count + 1
