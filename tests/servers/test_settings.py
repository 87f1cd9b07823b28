"""The working servers: what they must be told, and what they say when it is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from workshop.servers import settings, whoami
from workshop.servers.settings import CLIENT_ID, CLIENT_SECRET, TENANT_ID, ProxySettings, SettingsError

GUID = "6f1c3a52-0000-4000-8000-0123456789ab"
GIVEN = {CLIENT_ID: GUID, CLIENT_SECRET: "a value for tests", TENANT_ID: GUID}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{CLIENT_SECRET}=from the file\n{TENANT_ID}={GUID}\n")
    read = settings.load({CLIENT_ID: GUID, CLIENT_SECRET: " from the environment "}, tmp_path)
    assert read == ProxySettings(GUID, "from the environment", GUID)


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_value_is_named_with_where_it_was_looked_for(tmp_path: Path, name: str) -> None:
    for given in ({key: value for key, value in GIVEN.items() if key != name}, {**GIVEN, name: " "}):
        with pytest.raises(SettingsError) as refused:
            settings.load(given, tmp_path)
        assert str(refused.value) == f"{name} is not set. Looked in the environment and in {tmp_path / '.env'}."


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (CLIENT_ID, "my-app", "a GUID such as"),
        (TENANT_ID, "contoso.onmicrosoft.com", "a GUID such as"),
        (CLIENT_SECRET, GUID, "the secret's Value"),
    ],
)
def test_a_malformed_value_is_named_and_not_shown(tmp_path: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.load({**GIVEN, name: value}, tmp_path)
    assert str(refused.value).startswith(f"{name} from the environment can't be used: it should be {said}")
    assert value not in str(refused.value)


def test_the_secret_is_in_no_repr() -> None:
    assert "a value for tests" not in repr(settings.load(GIVEN))


def test_the_smallest_server_has_one_tool() -> None:
    server = whoami.build("http://localhost:8000", ProxySettings(GUID, "a value for tests", GUID))
    assert [tool.name for tool in asyncio.run(server.list_tools())] == ["get_user_info"]
