"""The seed: the same everywhere, and as the README's table tells it."""

from __future__ import annotations

from pathlib import Path

from practice_tenant.server.directory import people, seed
from practice_tenant.server.directory.store import Store

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_tells_who_is_in_the_directory(tmp_path: Path) -> None:
    store = Store(tmp_path / "directory.sqlite")
    directory = seed.sow(store)
    rows = [line for line in README.read_text("utf-8").splitlines() if line.startswith("| `") and "@" in line]
    told = {row.split("`")[1]: row for row in rows}
    users = people.users(store, directory.tenant_id)
    assert set(told) == {user.upn for user in users}
    for user in users:
        row = told[user.upn]
        assert user.display_name in row
        assert ("disabled" in row, "guest" in row, "administrator" in row) == (
            not user.enabled,
            user.is_guest,
            user.is_administrator,
        )
        inside = store.all(
            "SELECT g.graph FROM groups g JOIN members m ON m.group_id = g.id WHERE m.member_id = ?", user.id
        )
        named = row.rsplit("|", 2)[1].strip()
        assert (named == "none") == (not inside)
        assert all(f'"displayName": "{named}"' in graph for (graph,) in inside)


def test_ids_are_the_same_in_every_state_folder(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        found.append([user.id for user in people.users(store, seed.sow(store).tenant_id)])
    assert found[0] == found[1]


def test_each_directory_has_ids_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "directory.sqlite")
    first, second = seed.sow(store), seed.sow(store, "lesson07")
    ids = [{user.id for user in people.users(store, one.tenant_id)} for one in (first, second)]
    assert ids[0].isdisjoint(ids[1])
    assert first.domain != second.domain
