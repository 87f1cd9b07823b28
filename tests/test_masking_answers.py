"""What the Azure CLI answers is shown in a notebook, which keeps it: no secret of any form, and every id."""

from __future__ import annotations

import base64
import json
import os
import random
import stat
import string
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from practice_help import posix_only

from workshop.registration import az as azure
from workshop.registration.az import Az, AzRefused
from workshop.show.masking import mask_answer

# No secret of Entra's form stands whole in this file: scanners look for it.
RANDOM = random.Random(18)  # noqa: S311 - the same ones in every run
SIGNS = string.ascii_letters + string.digits + "_.-~"


def word(length: int, signs: str = SIGNS) -> str:
    return "".join(RANDOM.choices(signs, k=length))


def entras(digit: str = "8", length: int = 34) -> str:
    """Return a client secret of Entra's form."""
    return word(3, string.ascii_letters + "_~.") + digit + "Q" + "~" + word(length)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


APP = "0f9d2c84-53f1-4a86-8d2b-7f6f0f4c2a11"
TENANT = "6a5b1b3e-4a2f-4b58-9d0e-2f1c7a3b9d10"
TOKEN = f"{part({'alg': 'RS256', 'kid': 'x'})}.{part({'aud': APP})}.{word(86, string.ascii_letters + '-_')}"
PEM = "\n".join(["-----BEGIN " + "PRIVATE KEY-----", word(64, string.ascii_letters), "-----END " + "PRIVATE KEY-----"])

ANSWERS: dict[str, Callable[[str], str]] = {
    "az ad app credential reset --output json": lambda secret: json.dumps(
        {"appId": APP, "password": secret, "tenant": TENANT}, indent=2
    ),
    "az ad app credential reset --output jsonc": lambda secret: (
        f'{{\n  \x1b[94m"appId"\x1b[39;49;00m: \x1b[33m"{APP}"\x1b[39;49;00m,\n'
        f'  \x1b[94m"password"\x1b[39;49;00m: \x1b[33m"{secret}"\x1b[39;49;00m\n}}'
    ),
    "az ad app credential reset --output tsv": lambda secret: f"{APP}\t{secret}\t{TENANT}\n",
    "az ad app credential reset --output table": lambda secret: (
        f"AppId                                 Password{' ' * 33}Tenant\n{'-' * 36}  {'-' * 40}  {'-' * 36}\n"
        f"{APP}  {secret}  {TENANT}\n"
    ),
    "az ad app credential reset --output yaml": lambda secret: f"appId: {APP}\npassword: {secret}\ntenant: {TENANT}\n",
    "az ad app credential reset --query password --output tsv": lambda secret: f"{secret}\n",
    "az ad app credential reset --query password": lambda secret: f'"{secret}"\n',
    "az ad sp create-for-rbac": lambda secret: json.dumps(
        {"appId": APP, "displayName": "azure-cli-2026-11-29-16-27-14", "password": secret, "tenant": TENANT}
    ),
    "az ad sp create-for-rbac --json-auth": lambda secret: json.dumps(
        {"clientId": APP, "clientSecret": secret, "tenantId": TENANT}
    ),
    "az rest --method POST --url .../addPassword": lambda secret: json.dumps(
        {"customKeyIdentifier": None, "hint": secret[:3], "keyId": APP, "secretText": secret}
    ),
    "a warning in front": lambda secret: f"WARNING: The output includes credentials that you must protect.\n{secret}",
    "an error that says it": lambda secret: f"ERROR: argument --password: invalid value: '{secret}'",
    "in a query": lambda secret: f"client_id={APP}&client_secret={secret}&grant_type=client_credentials",
}
SECRETS = {
    "Entra's, digit 7": entras("7"),
    "Entra's, digit 8": entras("8"),
    "Entra's, 40 characters": entras("8", 34),
    "Entra's, the shortest": entras("8", 31),
    "the practice tenant's": f"practice.{word(40, string.ascii_letters + string.digits + '-_')}",
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("kind", SECRETS)
def test_a_client_secret_is_masked_in_every_form_of_an_answer(kind: str, name: str) -> None:
    secret = SECRETS[kind]
    shown = mask_answer(ANSWERS[name](secret))
    assert secret not in shown
    assert secret[6:] not in shown
    assert "‹" in shown
    for each in (APP, TENANT):
        assert (each in shown) == (each in ANSWERS[name](secret)), "an id is what a reader looks for"


# Of before 2021, and passwords of people's own: no form tells them, their name does.
@pytest.mark.parametrize("secret", ["Sommer2024!", "a b;c", 'with "quotes"', word(32, string.ascii_letters)])
def test_a_value_called_a_password_is_one(secret: str) -> None:
    for name in "password secretText clientSecret client_secret refreshToken device_code privateKey".split():
        shown = mask_answer(json.dumps({"appId": APP, name: secret, "tenant": TENANT}))
        assert json.loads(shown) == {"appId": APP, name: f"‹{name.lower()}›", "tenant": TENANT}
        assert secret not in mask_answer(f"{name}: '{secret}'\nappId: {APP}")


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps({"accessToken": TOKEN, "expiresOn": "2026-11-29 17:27:14.000000", "tokenType": "Bearer"}, indent=2),
        f"{TOKEN}\t2026-11-29 17:27:14.000000\t{TENANT}\t{TENANT}\tBearer",
        f"accessToken: {TOKEN}\nexpires_on: 1796061234",
        f"AccessToken{' ' * 40}ExpiresOn\n{'-' * 51}  {'-' * 26}\n{TOKEN}  2026-11-29 17:27:14.000000",
        f"cli.azure.cli.core.sdk.policies:     'Authorization': 'Bearer {TOKEN}'",
    ],
)
def test_an_access_token_is_masked(answer: str) -> None:
    shown = mask_answer(answer)
    assert not [piece for piece in TOKEN.split(".") if piece in shown]


REFRESH = f"1.A{word(60, string.ascii_letters + string.digits)}-{word(200, string.ascii_letters + string.digits)}"


def test_colours_hide_no_name() -> None:
    shown = mask_answer('\x1b[94m"password"\x1b[39;49;00m: \x1b[33m"Sommer2024!"\x1b[39;49;00m')
    assert shown == '"password": "‹password›"'


@pytest.mark.parametrize("sign", ["+", "/"])
def test_a_key_in_base64_is_masked(sign: str) -> None:
    """As storage accounts have them."""
    key = sign.join(word(13, string.ascii_letters) for _ in range(6)) + "=="
    assert mask_answer(f'"{key}"') == '"‹random›"'


@pytest.mark.parametrize("answer", [f'"{REFRESH}"', REFRESH, f"refresh_token: {REFRESH}", f'{{"secret": "{REFRESH}"}}'])
def test_a_refresh_token_is_masked(answer: str) -> None:
    long = [piece for piece in REFRESH.replace(".", "-").split("-") if len(piece) > 9]
    assert not [piece for piece in long if piece in mask_answer(answer)]


@pytest.mark.parametrize(
    "answer", [PEM, json.dumps({"pem": PEM}), f"before\n{PEM}\nafter", PEM.partition("-----END")[0]]
)
def test_a_private_key_is_masked_also_where_its_end_is_cut_off(answer: str) -> None:
    shown = mask_answer(answer)
    assert PEM.splitlines()[1] not in shown
    assert shown.startswith("before") == shown.endswith("after")


def test_a_device_code_is_masked() -> None:
    said = "Use a web browser to open the page https://microsoft.com/devicelogin and enter the code {} to authenticate."
    assert mask_answer(said.format("F4KXQ7R2B")) == said.format("‹user_code›")


def test_a_password_on_the_line_itself_is_masked() -> None:
    line = f"$ az login --service-principal --username {APP} {{}} --tenant {TENANT}"
    for option in ("--password Sommer2024!", "-p Sommer2024!", "--password='Sommer 2024'"):
        shown = mask_answer(line.format(option))
        assert "2024" not in shown
        assert TENANT in shown
    assert mask_answer(line.format("--password $SECRET")) == line.format("--password $SECRET")


def test_whatever_is_no_secret_stays() -> None:
    answers = (
        json.dumps({"secretText": None, "hint": "abc", "password": None, "allowPublicClient": True}),
        json.dumps({"id": APP, "uri": f"api://{APP}", "redirectUris": ["http://localhost:8000/auth/callback"]}),
        json.dumps({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#applications/$entity"}),
        json.dumps({"createdDateTime": "2026-11-29T16:27:14.1234567Z", "signInAudience": "AzureADMyOrg"}),
        json.dumps({"customKeyIdentifier": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B"}),
        json.dumps({"passwordCredentials": [{"displayName": "workshop", "keyId": APP}]}),
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the value.",
        'ERROR: Insufficient privileges. {"odata.error":{"code":"Authorization_RequestDenied"}}',
        f"servicePrincipalNames_for_{APP}_and_more",
        "openid profile offline_access User.Read GroupMember.Read.All",
        "secret: $SECRET",
    )
    for answer in answers:
        assert mask_answer(answer) == answer


def program(folder: Path, code: str) -> Az:
    """Return an Azure CLI that does this."""
    path = folder / "az"
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(stat.S_IRWXU)
    return Az(path, dict(os.environ), cast(Any, SimpleNamespace()), cast(Any, SimpleNamespace()))


@posix_only
@pytest.mark.parametrize("name", ANSWERS)
def test_what_az_run_shows_and_a_notebook_keeps(name: str, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text(ANSWERS[name](SECRETS["Entra's, digit 8"]), "utf-8")
    shown = program(tmp_path, f"cat '{tmp_path}/answer'").run("az ad app credential reset --id x")
    for text in (repr(shown), shown._repr_html_(), shown.text):
        assert SECRETS["Entra's, digit 8"] not in text
        assert text.count("‹") >= 1


@posix_only
def test_what_az_says_as_it_fails_or_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = SECRETS["Entra's, digit 7"]
    words = f"ERROR: {secret} is wrong, {TOKEN} too, and so is --password Sommer2024!"
    (tmp_path / "answer").write_text(words, "utf-8")
    with pytest.raises(AzRefused) as refused:
        program(tmp_path, f"cat '{tmp_path}/answer' >&2; exit 1").run("az login --service-principal")
    assert "is wrong" in str(refused.value)
    for hidden in (secret, TOKEN, "Sommer2024!"):
        assert hidden not in str(refused.value)
    monkeypatch.setattr(azure, "SECONDS", 0.01)
    with pytest.raises(AzRefused, match=r"^az login did not end") as late:
        program(tmp_path, "exec sleep 60").run("az login --password $WORD", WORD="Sommer2024!")
    assert late.value.__cause__ is None
    assert late.value.__suppress_context__
    assert "Sommer2024!" not in str(late.value)


def test_a_command_that_keeps_a_secret_is_shown_as_it_is() -> None:
    """The lesson's own way to keep it: nothing is secret in what says how to get one."""
    command = "SECRET=$(az ad app credential reset --id $CLIENT_ID --query password --output tsv)"
    assert mask_answer(command) == command
    assert mask_answer("SECRET=aWordThatSomebodyChose") == "SECRET=‹secret›"
