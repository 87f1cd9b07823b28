"""The way to the practice admin center: `running.admin_center()`, `workshop tenant admin`, and proxies before it."""

from __future__ import annotations

import html
import importlib.machinery
import importlib.util
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from practice_help import clean_environ
from tenant.process import serving

from practice_tenant import Running, found
from practice_tenant.client import admin_center
from practice_tenant.errors import TenantOutdated, TenantRefused
from workshop.core.settings import load
from workshop.lesson.beginning import Lesson
from workshop.signin import UserAgent

DOOR = "http://127.0.0.1:40123"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("admin") / "state") as tenant:
        there = found(tenant.state)
        assert there
        yield there


def seen(url: str) -> str:
    """Return what a browser shows that opens a link."""
    plain = urllib.request.ProxyHandler({})
    opener = urllib.request.build_opener(plain, urllib.request.HTTPCookieProcessor(CookieJar()))
    try:
        with opener.open(url, timeout=120) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.code)


def test_a_link_works_once(running: Running) -> None:
    url = running.admin_center()
    assert url.startswith("http://127.0.0.1:")
    assert "avery@contoso.onmicrosoft.com" in seen(url)
    assert seen(url) == "403"


def test_of_an_account_and_a_directory(running: Running) -> None:
    tenant_id = running.new_directory("fabrikam")
    for directory in (tenant_id, "fabrikam", "fabrikam.onmicrosoft.com"):
        assert "robin@fabrikam.onmicrosoft.com" in seen(running.admin_center("robin", directory))


def test_what_there_is_not(running: Running) -> None:
    with pytest.raises(TenantRefused, match="there is no user 'nobody'"):
        running.admin_center("nobody")
    with pytest.raises(TenantRefused, match="there is no directory 'nowhere'"):
        running.admin_center(directory="nowhere")
    with pytest.raises(TenantRefused, match="is disabled"):
        running.admin_center("lee")
    with pytest.raises(TenantOutdated, match="older one"):
        replace(running, admin_door="").admin_center()


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, DOOR),
        ({"CODESPACE_NAME": "robin-x"}, DOOR),
        (
            {"CODESPACE_NAME": "robin-x", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev"},
            "https://robin-x-40123.app.github.dev/",
        ),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/robin/"}, "/user/robin/proxy/40123/"),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/"}, "/proxy/40123/"),
    ],
)
def test_where_a_browser_finds_it(environ: Mapping[str, str], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.machinery.ModuleSpec("jupyter_server_proxy", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    assert admin_center.address(DOOR, environ) == address


def test_a_hub_without_the_proxy_has_no_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert admin_center.address(DOOR, {"JUPYTERHUB_SERVICE_PREFIX": "/user/robin/"}) == DOOR


def test_below_a_proxy(running: Running) -> None:
    url = running.admin_center(at="/user/robin/proxy/40123/")
    assert url.startswith("/user/robin/proxy/40123/")
    assert "?token=" in url
    assert running.admin_center(at="https://x.example").startswith("https://x.example/")


def test_a_lessons_card(running: Running) -> None:
    def lesson(there: Running | None) -> Lesson:
        return Lesson("00", load({"WORKSHOP_STATE": str(running.state)}), UserAgent(), there)

    card = lesson(running).admin_center("robin")
    shown = re.search(r'<a href="([^"]+)" target="_blank" rel="noopener noreferrer">', card._repr_html_())
    assert shown
    assert "robin@contoso.onmicrosoft.com" in seen(html.unescape(shown[1]))
    assert "PRACTICE ADMIN CENTER" in repr(card)
    own = lesson(None).admin_center()
    assert own.url.startswith("https://entra.microsoft.com/")
    assert "PRACTICE" not in repr(own)


def command(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "workshop", "tenant", "admin", "--no-browser", "--state", str(state), *arguments]
    return subprocess.run(line, env=clean_environ(state), capture_output=True, text=True, timeout=60)


def test_the_command(running: Running) -> None:
    done = command(running.state, "--as", "sam", "--tenant", "contoso")
    assert done.returncode == 0, done.stderr
    assert "sam@contoso.onmicrosoft.com" in seen(done.stdout.strip())
    assert "once" in done.stderr
    refused = command(running.state, "--as", "nobody")
    assert refused.returncode == 1
    assert "there is no user" in refused.stderr


def test_the_command_without_a_tenant(tmp_path: Path) -> None:
    done = command(tmp_path / "state")
    assert done.returncode == 1
    assert "No practice tenant is running" in done.stderr
