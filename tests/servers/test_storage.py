"""Where the proxy keeps what it must not forget: what is taken for a place, whose it is, and that what expires goes."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import fastmcp
import httpx
import pytest
from key_value.aio.stores.memory import MemoryStore
from key_value.aio.wrappers.encryption import FernetEncryptionWrapper
from practice_help import posix_only, until
from server_help import free_port, serving

from workshop.servers import both_doors, places, proxy
from workshop.servers.environment import SettingsError
from workshop.servers.expiring import EVERY_SECONDS, ExpiringMemory, SweptFiles, swept
from workshop.servers.settings import ProxySettings, load
from workshop.servers.storage import storage

from .conftest import Entra
from .test_runs import command, ended, environ  # noqa: F401 - environ is a fixture
from .test_settings import GIVEN, GUID

SECRET = "a secret for tests, long enough"
HOUR = 3_600.0

ADDRESSES = [
    "redis://localhost:6379/0",
    "rediss://:a-password@cache.example.com:6380",
    "REDIS://localhost",
    "redis:",
    "redis:localhost",
    "redis:6379",
    "valkey://localhost",
    "postgres://me:pw@db.example.com/mcp",
    "postgresql+asyncpg://db/mcp",
    "mongodb+srv://cluster.example.com",
    "sqlite:///data/mcp.db",
    "s3://bucket/prefix",
    "s3:bucket",
    "file:///data/mcp",
    "file:/data/mcp",
    "memory://",
    "memory:",
    "https://account.blob.core.windows.net/mcp",
    "unix:///run/redis.sock",
    "//server/share",
    "localhost:6379",
    "localhost/0",
    "10.0.0.5:6379",
    "[::1]:6379",
    "cache.example.com/0",
    "me@db.example.com/mcp",
    "Server=db;Database=mcp",
    "DefaultEndpointsProtocol=https;AccountName=x",
]
MISSPELT = ["memroy", "mem", "file", "disk", "in-memory", "redis", "filesystem", "none", "true", "clients", "m e m"]
UNREPLACED = ["$HOME/mcp", "${DATA}/mcp", "$DATA", "%APPDATA%\\mcp", '"/data/mcp"', "'files'", "<a folder>", "a\nb/c"]
FOLDERS = ["/data/mcp", "./mcp", "../mcp", "~/mcp", "~", ".", "data/mcp", "/data/a:b", "./redis:", "/", "./memroy"]


@pytest.mark.parametrize("value", [*ADDRESSES, *MISSPELT, *UNREPLACED])
def test_what_is_no_place_is_an_error_that_says_what_is_and_nothing_is_made(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as refused:
        load({**GIVEN, "ENTRA_PROXY_STORAGE": value}, tmp_path)
    said = str(refused.value)
    assert said.startswith("ENTRA_PROXY_STORAGE from the environment can't be used: it should be memory, files, or a ")
    assert len(said.splitlines()) == 1
    assert "pw" not in said, "a password may stand in it"
    assert "a-password" not in said
    # And where no variable told it:
    with pytest.raises(SettingsError, match="it should be memory, files, or a folder such as"):
        proxy.provider(ProxySettings(GUID, SECRET, GUID, storage=value), "http://localhost:8000")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", FOLDERS)
def test_what_is_a_folders_path_is_taken_as_it_is(value: str) -> None:
    assert places.store(value, windows=False) == value


@pytest.mark.parametrize(("word", "means"), [("Memory", "memory"), ("MEMORY", "memory"), ("Files", "files")])
def test_a_word_has_no_case(word: str, means: str, tmp_path: Path) -> None:
    assert load({**GIVEN, "ENTRA_PROXY_STORAGE": word}, tmp_path).storage == means


def test_a_word_that_is_a_folder_already_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has used one so far goes on; and a folder that an address once made stays what it was by mistake."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clients").mkdir()
    (tmp_path / "redis:" / "localhost").mkdir(parents=True)
    assert load({**GIVEN, "ENTRA_PROXY_STORAGE": "clients"}, tmp_path).storage == "clients"
    with pytest.raises(SettingsError):
        load({**GIVEN, "ENTRA_PROXY_STORAGE": "redis://localhost"}, tmp_path)


def test_a_windows_path_is_a_folder_there_and_an_address_elsewhere() -> None:
    for path in ("C:\\data\\mcp", "d:/data", "\\\\server\\share\\mcp", ".\\mcp", "data\\mcp", "\\data"):
        assert places.store(path, windows=True) == path
        if path != "d:/data":
            with pytest.raises(ValueError, match="memory, files"):
                places.store(path, windows=False)
    for path in ("redis://localhost", "s3:bucket", "memroy", "C:", "C:mcp", "%APPDATA%\\mcp"):
        with pytest.raises(ValueError, match=r"C:\\data\\mcp"):
            places.store(path, windows=True)


def test_the_server_ends_with_that_line(environ: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    told = environ | {"ENTRA_PROXY_STORAGE": "redis://:a-password@localhost:6379"}
    done = ended(command("python -m", "proxy", free_port()), told, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("ENTRA_PROXY_STORAGE from the environment can't be used: it should be memory, files")
    assert len(done.stderr.splitlines()) == 1
    assert "a-password" not in done.stderr
    assert not (tmp_path / "redis:").exists()


@pytest.mark.parametrize("value", ["postgres://me:pw@db.example.com/mcp", "sqlite:///data/mcp.db", "$HOME/x", "//s/x"])
def test_a_database_is_a_file_and_no_address(value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^ENTRA_PROXY_DATABASE .* should be the path of a SQLite file") as refused:
        load({**GIVEN, "ENTRA_PROXY_DATABASE": value}, tmp_path)
    assert "pw" not in str(refused.value)


def test_a_database_may_be_a_name_alone() -> None:
    for value in ("expenses.sqlite", "data/expenses.sqlite", "/data/a:b.sqlite", "./redis:", ":memory:"):
        assert places.database(value, windows=False) == Path(value)
    assert places.database("C:\\data\\x.sqlite", windows=True) == Path("C:\\data\\x.sqlite")


# --- whose the folder is ---


@posix_only
def test_another_accounts_folder_is_refused_and_so_is_another_accounts_link(tmp_path: Path) -> None:
    """Whoever can write there can put the file with one user's tokens in the place of another's."""
    mine, link, nowhere = tmp_path / "mine", tmp_path / "link", tmp_path / "file"
    mine.mkdir(mode=0o700)
    link.symlink_to(mine)
    nowhere.write_text("")
    assert places.own_folder(str(link)) == link, "a link of one's own is as good as the folder"
    with pytest.raises(SettingsError, match="can't be used as a folder: File exists"):
        places.own_folder(str(nowhere))
    with pytest.raises(SettingsError, match="can't be used as a folder: "):
        places.own_folder("~nobody-of-this-name/mcp")
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(mine, 65534, 65534)
    with pytest.raises(SettingsError, match=r"is a folder that belongs to another account \(uid 65534\)"):
        places.own_folder(str(mine))
    os.chown(mine, 0, 0)
    os.chown(link, 65534, 65534, follow_symlinks=False)
    with pytest.raises(SettingsError, match="is a link that belongs to another account"):
        places.own_folder(str(link))


@posix_only
def test_a_folder_that_others_may_enter_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mounted volume often belongs to root and is open to its group: refusing it would break who is alone there."""
    monkeypatch.setattr(places.logger, "handlers", [caplog.handler])
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    places.own_folder(str(shared))
    assert f"Other accounts may get into {shared} (mode 0770)" in caplog.messages[0]
    assert len(set(caplog.messages)) == 1
    assert stat.S_IMODE(shared.stat().st_mode) == 0o770
    places.own_folder(str(tmp_path / "new" / "one"))
    assert stat.S_IMODE((tmp_path / "new" / "one").stat().st_mode) == 0o700
    assert len(set(caplog.messages)) == 1


# --- what expires goes ---

Use = Callable[[Any], Coroutine[Any, Any, None]]


def kept(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*/*")}


def swept_store(folder: Path, now: Callable[[], float]) -> tuple[FernetEncryptionWrapper, SweptFiles]:
    made = storage(str(folder), SECRET)
    assert isinstance(made, FernetEncryptionWrapper)
    assert isinstance(made.key_value, SweptFiles)
    made.key_value.now = now
    return made, made.key_value


def aged(folder: Path, key: str, seconds: float) -> None:
    """Make an entry one that expired some time ago."""
    path = folder / "c" / f"{key}.json"
    entry = json.loads(path.read_text())
    entry["expires_at"] = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - seconds))
    path.write_text(json.dumps(entry))


def test_files_that_expired_go_with_the_first_use_and_as_it_goes_on(tmp_path: Path) -> None:
    folder, clock = tmp_path / "kept", [time.time()]

    async def use() -> None:
        store, _ = swept_store(folder, lambda: clock[0])
        for key, ttl in (("old", HOUR), ("soon", 0.01), ("hours", 3 * HOUR), ("ever", None)):
            await store.put(key=key, value={"a": 1}, collection="c", ttl=ttl)
        aged(folder, "old", HOUR)
        clock[0] = time.time() + 1
        # A new process: it begins with what the last one left.
        store, sweeper = swept_store(folder, lambda: clock[0])
        assert await store.get(key="hours", collection="c") == {"a": 1}
        assert sweeper.sweeping
        await sweeper.sweeping
        assert kept(folder) == {"hours", "ever"}
        clock[0] += EVERY_SECONDS - 10
        await store.put(key="short", value={"a": 1}, collection="c", ttl=10)
        assert sweeper.sweeping.done(), "once an hour is enough"
        clock[0] += 20
        await store.put(key="another", value={"a": 1}, collection="c", ttl=10 * HOUR)
        await sweeper.sweeping
        assert kept(folder) == {"hours", "ever", "another"}
        clock[0] += 3 * EVERY_SECONDS
        await store.get(key="another", collection="c")
        await sweeper.sweeping
        assert kept(folder) == {"ever", "another"}

    asyncio.run(use())


@pytest.mark.parametrize("build", [proxy.build, both_doors.build])
def test_they_go_as_a_server_starts(build: Any, entra: Entra, tmp_path: Path) -> None:
    folder = tmp_path / "kept"

    async def use() -> None:
        store, _ = swept_store(folder, time.time)
        for key in ("old", "fresh"):
            await store.put(key=key, value={"a": 1}, collection="c", ttl=HOUR)
        aged(folder, "old", 5)

    asyncio.run(use())
    with serving(lambda url: build(url, entra.settings(storage=str(folder)))):
        until(lambda: kept(folder) == {"fresh"}, "what has expired is gone")


def test_and_so_they_do_where_fastmcp_has_made_its_own(
    entra: Entra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it culls hourly: it does so in the midst of a sign-in, and nobody may sign in for days."""
    monkeypatch.setattr(fastmcp.settings, "home", tmp_path)
    (tmp_path / "oauth-proxy").mkdir(mode=0o755)
    settings = entra.settings(storage="files")

    async def use() -> None:
        store: Any = proxy.provider(settings, "http://localhost:8000")._client_storage
        for key, ttl in (("old", 0.01), ("fresh", HOUR)):
            await store.put(key=key, value={"a": 1}, collection="c", ttl=ttl)

    asyncio.run(use())
    (made,) = (tmp_path / "oauth-proxy").iterdir()
    with serving(lambda url: proxy.build(url, settings)):
        until(lambda: kept(made) == {"fresh"}, "what has expired is gone")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "oauth-proxy").stat().st_mode) == 0o700


def test_a_sweep_takes_nothing_else(tmp_path: Path) -> None:
    """Another replica's fresh files, what is no entry, what lies behind a link, what is being written."""
    folder = tmp_path / "kept"

    async def use() -> None:
        store, _ = swept_store(folder, time.time)
        for key in ("old", "renewed", "a"):
            await store.put(key=key, value={"a": 1}, collection="c", ttl=HOUR)
            aged(folder, key, 3 * HOUR)
        await store.put(key="renewed", value={"a": 2}, collection="c", ttl=HOUR)

    asyncio.run(use())
    outside = tmp_path / "outside"
    outside.mkdir()
    old = (folder / "c" / "old.json").read_text()
    (outside / "old.json").write_text(old)
    for name, text in {
        "x.json": "{",
        "y.json": "[]",
        "z.json": '{"expires_at": 5}',
        "note.txt": "",
        "now.tmp": "",
    }.items():
        (folder / "c" / name).write_text(text)
    (folder / "c" / "half.tmp").write_text("")
    os.utime(folder / "c" / "half.tmp", (1, 1))
    (folder / "top.json").write_text(old)
    if os.name == "posix":
        (folder / "c" / "link.json").symlink_to(outside / "old.json")
        (folder / "linked").symlink_to(outside)
    assert sum(swept(folder, time.time())) == 3
    left = {path.name for path in (folder / "c").iterdir()}
    assert left - {"link.json"} == {"renewed.json", "x.json", "y.json", "z.json", "note.txt", "now.tmp"}
    assert (outside / "old.json").exists()
    assert (folder / "top.json").exists()


def test_a_sweep_ends_with_the_loop_and_goes_in_small_steps(tmp_path: Path) -> None:
    """Else a server that is stopped would wait for it, and its requests would."""
    folder = tmp_path / "kept" / "c"
    folder.mkdir(parents=True)
    for number in range(1_000):
        (folder / f"{number}.json").write_text('{"expires_at": "2020-01-01T00:00:00+00:00"}')
    steps = swept(folder.parent, time.time())
    assert [next(steps) for _ in range(3)] == [100] * 3

    async def use() -> None:
        store, sweeper = swept_store(folder.parent, time.time)
        await store.get(key="x", collection="c")
        assert sweeper.sweeping

    asyncio.run(use())
    assert len(list(folder.iterdir())) > 100


def test_an_entry_that_is_renewed_as_it_is_swept_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    (folder / "c").mkdir(parents=True)
    entry = folder / "c" / "one.json"
    entry.write_text('{"expires_at": "2020-01-01T00:00:00+00:00"}')
    real = json.loads

    def renewed(text: str) -> Any:
        read = real(text)
        fresh = tmp_path / "fresh"
        fresh.write_text('{"expires_at": "2999-01-01T00:00:00+00:00"}')
        fresh.replace(entry)
        return read

    monkeypatch.setattr("workshop.servers.expiring.json.loads", renewed)
    assert sum(swept(folder, time.time())) == 0
    assert "2999" in entry.read_text()
    assert [path.name for path in (folder / "c").iterdir()] == ["one.json"]


def test_memory_lets_go_of_what_has_expired_and_of_the_oldest_where_there_is_too_much() -> None:
    clock = [time.time()]

    async def use() -> None:
        store = ExpiringMemory(most=3, now=lambda: clock[0])
        held: MemoryStore = store.key_value  # type: ignore[assignment]

        async def put(key: str, ttl: float | None, collection: str = "c") -> None:
            await store.put(key=key, value={"a": key}, collection=collection, ttl=ttl)

        await put("for-ever", None)
        await put("long", 1_000)
        await put("short", 10)
        await put("renewed", 10)
        await put("renewed", 1_000)
        clock[0] += 20
        await put("other", 10, "d")
        assert set(await held.keys(collection="c")) == {"for-ever", "long", "renewed"}
        for number in range(5):
            await put(f"n{number}", 100 + number)
        assert set(await held.keys(collection="c")) == {"for-ever", "long", "renewed", "n4"}
        await put("renewed", None)
        clock[0] += 5_000
        await put("last", 10)
        assert set(await held.keys(collection="c")) == {"for-ever", "renewed", "last"}
        await store.delete(key="last", collection="c")
        await put("x", 1, "d")
        assert set(await held.keys(collection="c")) == {"for-ever", "renewed"}
        assert await store.get(key="renewed", collection="c") == {"a": "renewed"}

    asyncio.run(use())


def test_what_a_sign_in_leaves_expires(entra: Entra, tmp_path: Path) -> None:
    """Of the proxy's collections a stranger can fill: clients, transactions and the consent page's tokens."""
    folder = tmp_path / "kept"
    with serving(lambda url: proxy.build(url, entra.settings(storage=str(folder)))) as server:
        with httpx.Client(trust_env=False, base_url=server.base_url, timeout=60) as http:
            body = {"redirect_uris": ["http://127.0.0.1:33418/"], "client_name": "one"}
            client_id = http.post("/register", json=body).json()["client_id"]
            asked = {
                "response_type": "code", "client_id": client_id, "redirect_uri": body["redirect_uris"][0], "state": "s",
                "code_challenge": "x" * 43, "code_challenge_method": "S256", "scope": "access",
            }  # fmt: skip
            page = http.get("/authorize", params=asked)
            assert page.status_code == 302
            assert http.get(page.headers["location"].removeprefix(server.base_url)).status_code == 200
        until(lambda: len(list(folder.glob("*/*.json"))) == 3, "all is written")
    expires = {path.parent.name: json.loads(path.read_text()).get("expires_at") for path in folder.glob("*/*.json")}
    assert [name for name, at in expires.items() if at is None] == []
    assert len(expires) == 3


@pytest.mark.soak
def test_a_hundred_thousand_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "kept" / "c"
    folder.mkdir(parents=True)
    text = json.dumps({"expires_at": "2020-01-01T00:00:00+00:00", "value": {"a": "x" * 2_000}})
    for number in range(100_000):
        (folder / f"{number}.json").write_text(text)
    stalls: list[float] = []

    async def use() -> None:
        store, sweeper = swept_store(folder.parent, time.time)
        await store.get(key="x", collection="c")
        began = last = time.perf_counter()
        while sweeper.sweeping and not sweeper.sweeping.done():
            await asyncio.sleep(0.002)
            stalls.append(time.perf_counter() - last)
            last = time.perf_counter()
        with capsys.disabled():
            print(f"\n100,000 expired files: {last - began:.1f} s, longest wait of the loop {max(stalls):.3f} s")

    asyncio.run(use())
    assert list(folder.iterdir()) == []
