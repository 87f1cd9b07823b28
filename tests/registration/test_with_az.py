"""With the real Azure CLI: the `az` line of every mend does mend, and an administrator can run the script."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from practice_help import clean_environ

from workshop.core import azure_cli, settings
from workshop.registration.declarations import PREAUTHORIZED, PROXY, Declaration
from workshop.registration.handover import handover
from workshop.registration.verification import RULES

from .faults import FAULTS
from .office import Office
from .test_rules import line, wrong

pytestmark = pytest.mark.needs("az")

OF_THE_SECRET = ("credential-present", "credential-expiry", "secret-value")
AZ = [rule.name for rule in RULES if FAULTS[rule.name].mended]


@dataclass(frozen=True)
class Az:
    """An office and the Azure CLI, to which its administrator is signed in."""

    office: Office
    environ: dict[str, str]
    program: Path

    def run(self, *command: str) -> str:
        """Run a command that must succeed and return what it printed."""
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def az(module_office: Office, tmp_path_factory: pytest.TempPathFactory) -> Az:
    program = azure_cli.find(settings.load().project)
    assert program
    office, running = module_office, module_office.running
    environ = clean_environ(running.state, **running.browser_variable(office.account("avery")))
    running.environment().put(environ)
    environ |= {"AZURE_CONFIG_DIR": str(tmp_path_factory.mktemp("azure")), "AZURE_CORE_COLLECT_TELEMETRY": "no"}
    environ |= {"AZURE_CORE_ONLY_SHOW_ERRORS": "yes", "PATH": f"{program.parent}:{environ.get('PATH', '')}"}
    signed_in = Az(office, environ, program)
    signed_in.run(str(program), "login", "--allow-no-subscriptions", "--tenant", office.tenant_id)
    return signed_in


@pytest.mark.parametrize("name", AZ)
def test_the_line_mends(az: Az, name: str) -> None:
    office, fault = az.office, FAULTS[name]
    declared = fault.declared(office)
    if name in OF_THE_SECRET and office.file.exists():
        office.desk.keeper.keep({PROXY.names.client_secret: ""})  # so that a new one is made, as declared here
    office.desk.apply(declared)
    fault.make(office, declared)
    found = line(office.desk.verify("", declared), name)
    assert found.status == "wrong"
    command, *words = shlex.split(found.mend.az)
    assert command == "az"
    printed = az.run(str(az.program), *words)
    if name in OF_THE_SECRET:
        settings.write_values(office.file, {PROXY.names.client_secret: printed.strip()})
    after = office.desk.verify("", declared)
    assert line(after, name).status == "right"
    assert wrong(after) == fault.left


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs Bash")
@pytest.mark.parametrize("declared", [PROXY, PREAUTHORIZED], ids=lambda one: str(one.key))
def test_an_administrator_runs_the_script_and_a_member_finishes(
    az: Az, new_desk: Callable[[str], Office], tmp_path: Path, declared: Declaration
) -> None:
    """Sam may not consent for everyone. The administrator runs the script, twice; then Sam's own run completes it."""
    _, script = handover(declared, number="1").write(tmp_path)
    environ = az.environ | {"OWNER": az.office.account("sam")}
    for _ in range(2):
        done = subprocess.run(
            ["bash", script], env=environ, capture_output=True, text=True, check=False, timeout=300
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    (client_id,) = [text.split()[-1] for text in done.stdout.splitlines() if text.startswith("Client id: ")]
    assert f"Tenant id: {az.office.tenant_id}" in done.stdout

    sam = new_desk("sam")
    plan = sam.desk.plan(declared)
    assert plan.client_id == client_id
    assert {change.aspect for change in plan.changes} <= {"Client secret", sam.file.name, "Consent for everyone:"}
    assert not any(change.item == "Microsoft Graph" for change in plan.changes)
    done_by_sam = sam.desk.apply(declared)
    assert done_by_sam.client_id == client_id
    assert wrong(sam.desk.verify("", declared)) == set()
