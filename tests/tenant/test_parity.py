"""PARITY.md: what it says of the practice tenant has a witness, and the witnesses see."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from . import test_errors  # noqa: F401  (importing it fills the table)
from .refusals import ROWS

PROJECT = Path(__file__).resolve().parents[2]
HERE = "tests/tenant"
AS_ENTRA = "as Entra"


@dataclass(frozen=True)
class Claim:
    """One row of the page."""

    what: str
    here: str
    evidence: str
    witness: str


def claims() -> Iterator[Claim]:
    for line in (PROJECT / "PARITY.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[1] not in ("here", "---"):
            yield Claim(cells[0], cells[1], cells[2], cells[3].strip("`"))


CLAIMS = tuple(claims())


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the tests in a file, each as `test_x` or `TestX::test_y`."""
    tree = ast.parse((PROJECT / HERE / file).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def test_the_page_has_rows() -> None:
    assert len(CLAIMS) > 100
    assert len({claim.what for claim in CLAIMS}) == len(CLAIMS), "a row stands twice"


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.what for claim in CLAIMS])
def test_a_row_says_one_of_three_things(claim: Claim) -> None:
    if claim.here == AS_ENTRA:
        assert claim.evidence, "no evidence"
        assert "MEM" not in claim.evidence
        file, _, test = claim.witness.partition("::")
        assert test in names_in(file), f"there is no {claim.witness}"
    else:
        word, _, how = claim.here.partition(": ")
        assert word in ("simplified", "missing")
        assert word == "missing" or how, "simplified how?"


# Read in a copy of Microsoft's list of codes: there they have the meaning that the practice tenant gives them. It lacks
# 70044, 500121, 1002012, 7000216, 9002326 and 9002327, and 700023 is another error there.
IN_MICROSOFTS_LIST = frozenset(
    "28002 28003 50049 50057 50058 50076 50079 50105 50194 53003 54005 65001 65002 65004 70003 70018 70019 70043 90002 "
    "90009 90094 90095 90102 90120 240002 500011 501481 501491 650052 650057 700005 700025 700082 700084 700229 900144 "
    "900561 900971 901002 7000112 7000114 7000215 7000218 7000222 9002313 9002332".split()
)


def test_a_code_cites_microsofts_list_only_where_that_says_it() -> None:
    citing = {claim.what for claim in CLAIMS if "reference-error-codes" in claim.evidence}
    assert len(citing) >= 15
    assert citing <= IN_MICROSOFTS_LIST


def test_every_code_that_can_be_answered_has_a_row() -> None:
    told = {int(claim.what) for claim in CLAIMS if claim.what.isdecimal()}
    assert told == {row.code for row in ROWS if row.code}


@dataclass(frozen=True)
class Taken:
    """A behaviour taken away: a text of a source file replaced by another, and the witness that must fail."""

    file: str
    text: str
    instead: str
    witness: str


SAMPLE = (
    Taken(
        "login/redirects.py",
        "    if registered == asked:",
        "    if registered.lower() == asked.lower():",
        "test_authorize.py::TestRedirectUris::test_refused_on_a_page_that_never_redirects",
    ),
    Taken(
        "login/pkce.py",
        "        raise errors.verifier_mismatch()",
        "        return",
        "test_authorize.py::TestPkce::test_one_that_does_not_fit",
    ),
    Taken(
        "login/claims.py",
        'f"{tenant_id}\\0{app_id}\\0{object_id}"',
        'f"{tenant_id}\\0{object_id}"',
        "test_claims.py::TestValues::test_sub_is_pairwise_and_oid_is_not",
    ),
    Taken(
        "login/scopes.py",
        "    raise errors.resource_mismatch()",
        "    return",
        "test_token.py::TestResource::test_one_that_does_not_own_the_scopes",
    ),
    Taken(
        "login/grant_authorization_code.py",
        "    if not sign_ins.redeem_code(call.service.store, code):",
        "    if False:",
        "test_token.py::test_of_many_who_redeem_a_code_at_once_one_gets_the_tokens",
    ),
    Taken(
        "graph/application_rules.py",
        'if any(entry["isEnabled"] and entry["id"] not in kept for entry in old):',
        "if False:",
        "test_graph.py::TestRules::test_an_enabled_scope_is_disabled_before_it_goes",
    ),
    Taken(
        "graph/application_rules.py",
        "<= known & there",
        "<= known",
        "test_graph.py::TestRules::test_a_scope_is_there_before_a_client_is_preauthorized_for_it",
    ),
    Taken(
        "login/consent.py",
        "    if forced and not may_consent:",
        "    if False:",
        "test_consent.py::TestUsersMayNotConsent::"
        "test_a_client_that_forces_the_page_locks_out_even_those_who_have_a_grant",
    ),
    Taken(
        "login/static_permissions.py",
        "        _check_published(holder, resource, access)",
        "        pass",
        "test_admin_consent.py::test_an_id_that_nobody_publishes_fails_the_consent_as_a_whole",
    ),
    Taken(
        "login/version1.py",
        'if name not in ("resource", "scope")]',
        'if name != "resource"]',
        "test_version1.py::TestSigningIn::test_scopes_of_a_resource_are_not_looked_at",
    ),
    Taken(
        "login/grant_password.py",
        "    raise errors.password_alone(resource_id)",
        "    return {}",
        "test_password.py::test_it_gets_a_token_for_nothing",
    ),
    Taken(
        "signing/keys.py",
        'nonce_digest(header["nonce"])',
        'header["nonce"]',
        "test_claims.py::TestGraphsToken::test_its_signature_is_over_the_hash_of_its_nonce",
    ),
)


@pytest.mark.thorough
@pytest.mark.parametrize("taken", SAMPLE, ids=[taken.witness.rpartition("::")[2] for taken in SAMPLE])
def test_a_witness_fails_where_the_behaviour_is_taken_away(taken: Taken, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    changed = tmp_path / "src" / "practice_tenant" / "server" / taken.file
    text = changed.read_text(encoding="utf-8")
    assert text.count(taken.text) == 1, "the sample is out of date"
    changed.write_text(text.replace(taken.text, taken.instead), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"{HERE}/{taken.witness}"]
    environ = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stdout[-2_000:]
    assert re.search(r"^FAILED ", done.stdout, re.MULTILINE), done.stdout[-2_000:]
