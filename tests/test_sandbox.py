"""A notebook's own directory tenant: apart from the others, changed as Graph allows, cleared with them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from practice_help import clean_environ

from workshop.core.settings import load
from workshop.lesson.beginning import Lesson
from workshop.playground.directory_tenant import OnlyInPractice, name_of_this_process
from workshop.show.masking import mask_text
from workshop.signin import UserAgent

PROGRAM = """
import asyncio, json
from workshop.playground import directory_tenant, sandbox
from workshop.lesson import begin

lesson = begin("00")
before = lesson.agent.account
box = lesson.sandbox()
again = lesson.sandbox()

import httpx
from azure.identity import InteractiveBrowserCredential


def app():
    with sandbox._administrator(lesson.agent, box.settings.tenant_id, box.domain) as credential:
        token = credential.get_token("https://graph.microsoft.com/.default").token
    address = f"https://graph.microsoft.com/v1.0/applications(appId='{box.settings.client_id}')"
    return httpx.get(address, headers={"Authorization": f"Bearer {token}"}).json()


async def in_a_cell():
    box.change(displayName="Changed")


asyncio.run(in_a_cell())
changed = app()
try:
    box.change(signInAudience="Everybody")
except directory_tenant.GraphCallRefused as error:
    refused = (error.status, str(error))
print(json.dumps({
    "same": again is box,
    "default": lesson.running.tenant_id,
    "tenant": box.settings.tenant_id,
    "domain": box.domain,
    "robin": box.account("robin"),
    "changed": changed["displayName"],
    "refused": refused,
    "account": lesson.agent.account == before,
    "names": sorted(box.names.values()),
    "told": box.settings.client_secret in repr(box),
    "others": [each["name"] for each in lesson.running.status()["directories"]],
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a program with a sandbox found."""
    folder = tmp_path_factory.mktemp("sandbox")
    environ = clean_environ(folder / "state", WORKSHOP_PROJECT=str(folder))
    run = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(run, env=environ, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_it_is_a_directory_of_its_own_and_the_same_one_at_a_second_call(told: dict[str, Any]) -> None:
    assert told["same"]
    assert told["tenant"] != told["default"]
    assert told["others"] == ["contoso", told["domain"].partition(".")[0]]
    assert told["robin"] == f"robin@{told['domain']}"


def test_its_app_is_changed_through_graph_and_a_refusal_is_told(told: dict[str, Any]) -> None:
    assert told["changed"] == "Changed"
    status, words = told["refused"]
    assert status == 400
    assert "signInAudience" in words


def test_who_signs_in_stays_as_it_was_and_no_secret_is_shown(told: dict[str, Any]) -> None:
    assert told["account"]
    assert not told["told"]
    assert told["names"] == ["{client}", "{domain}", "{tenant}"]


def test_its_name_is_not_taken_for_something_random() -> None:
    domain = f"{name_of_this_process()}.onmicrosoft.com"
    assert mask_text(domain) == domain


def test_in_an_own_tenant_there_is_none(tmp_path: Path) -> None:
    lesson = Lesson("03", load({"WORKSHOP_TENANT": "own"}, tmp_path), UserAgent(), None)
    with pytest.raises(OnlyInPractice, match="WORKSHOP_TENANT=practice") as told:
        lesson.sandbox()
    assert told.value._render_traceback_() == [str(told.value)]
