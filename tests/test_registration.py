"""A registration that is there when a lesson needs it, made and kept through the practice tenant."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from practice_help import clean_environ

from workshop import registration
from workshop.core import settings
from workshop.errors import SettingMissing

PROGRAM = """
import json, os
from workshop import practice, registration, signin
from workshop.core import settings

current = settings.load()
running = practice.enter(current)
signin.install(current, running)
said = []
for step in ("first", "again", "reset"):
    if step == "reset":
        running.reset()
    app = registration.ready(current)
    kept = settings.load()
    said.append({
        "found": app.found,
        "client_id": app.client_id,
        "said": repr(app),
        "kept": kept.get("ENTRA_PROXY_AZURE_CLIENT_ID"),
        "environ": os.environ["ENTRA_PROXY_AZURE_CLIENT_ID"],
        "told": kept.get("ENTRA_PROXY_AZURE_CLIENT_SECRET") in repr(app),
    })
print(json.dumps(said))
"""


def test_it_is_made_once_found_again_and_made_anew_after_a_reset(tmp_path: Path) -> None:
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True)
    first, again, reset = json.loads(done.stdout)
    assert [step["found"] for step in (first, again, reset)] == [False, True, False]
    assert first["client_id"] == again["client_id"] != reset["client_id"]
    assert "made just now" in first["said"]
    assert "there already" in again["said"]
    for step in (first, again, reset):
        assert step["client_id"] == step["kept"] == step["environ"]
        assert not step["told"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "state" / "practice.env").stat().st_mode) == 0o600


def test_in_an_own_tenant_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_TENANT", "own")
    monkeypatch.delenv("AZURE_TENANT_ID", raising=False)
    with pytest.raises(SettingMissing, match="AZURE_TENANT_ID"):
        registration.ready(settings.load(project=tmp_path))
