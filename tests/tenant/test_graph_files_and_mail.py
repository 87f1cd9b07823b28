"""Drives, mail and batches: one's own, nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from .browser import KIM, upn
from .graph_help import UNKNOWN, app_token, fresh, refused, user_token, values
from .process import GRAPH
from .world import World

DENIED_FILES = (403, "accessDenied", "Access denied")
DENIED_MAIL = (403, "ErrorAccessDenied", "Access is denied\\. Check credentials and try again\\.")
NO_ITEM = (404, "itemNotFound", "The resource could not be found\\.")
NO_MESSAGE = (404, "ErrorItemNotFound", "The specified object was not found in the store\\.")


@pytest.fixture(scope="module")
def robin(world: World) -> str:
    return user_token(world, "User.Read", "Files.ReadWrite", "Mail.ReadWrite", "Mail.Send")


@pytest.fixture(scope="module")
def sam(world: World) -> str:
    return user_token(world, "User.Read", "Files.Read", "Mail.Read", name="sam")


class TestFiles:
    def test_ones_own_drive(self, world: World, robin: str, sam: str) -> None:
        drive = world.graph("GET", "/me/drive", robin).json()
        assert drive["@odata.context"] == f"{GRAPH}/v1.0/$metadata#drives/$entity"
        assert (drive["driveType"], drive["owner"]["user"]["displayName"]) == ("business", "Robin Marsh")
        assert drive["id"].startswith("b!")
        assert world.graph("GET", f"/drives/{drive['id']}", robin).json() == drive
        assert values(world.graph("GET", "/me/drives", robin), "id") == [drive["id"]]
        assert world.graph("GET", "/me/drive", sam).json()["id"] != drive["id"]

    def test_what_is_in_it(self, world: World, sam: str) -> None:
        body = world.graph("GET", "/me/drive/root/children", sam).json()
        assert [item["name"] for item in body["value"]] == ["Releases", "Design notes.md"]
        folder, file = body["value"]
        assert folder["folder"] == {"childCount": 1}
        assert "file" not in folder
        assert file["file"]["mimeType"] == "text/markdown"
        assert file["parentReference"]["path"].endswith("/root:")
        assert file["size"] == len("# MCP server\n\nOne tool, one permission.\n")
        inside = world.graph("GET", f"/me/drive/items/{folder['id']}/children", sam).json()["value"]
        assert [item["name"] for item in inside] == ["1.4.txt"]
        assert inside[0]["parentReference"]["path"].endswith("/root:/Releases")

    def test_by_path_and_by_id(self, world: World, sam: str) -> None:
        by_path = world.graph("GET", "/me/drive/root:/Releases/1.4.txt", sam).json()
        by_id = world.graph("GET", f"/me/drive/items/{by_path['id']}", sam).json()
        drive = world.graph("GET", "/me/drive", sam).json()["id"]
        assert by_id["id"] == world.graph("GET", f"/drives/{drive}/items/{by_id['id']}", sam).json()["id"]
        assert by_id["name"] == "1.4.txt"
        assert values(world.graph("GET", "/me/drive/root:/Releases:/children", sam), "name") == ["1.4.txt"]
        root = world.graph("GET", "/me/drive/root", sam).json()
        assert (root["root"], root["name"]) == ({}, "root")
        refused(world.graph("GET", "/me/drive/root:/nothing.txt", sam), *NO_ITEM)
        refused(world.graph("GET", f"/me/drive/items/{UNKNOWN}", sam), *NO_ITEM)

    def test_its_content(self, world: World, sam: str) -> None:
        """Source: https://learn.microsoft.com/graph/api/driveitem-get-content: 302 to a pre-authenticated address"""
        item = world.graph("GET", "/me/drive/root:/Design notes.md", sam).json()
        answer = world.graph("GET", f"/me/drive/items/{item['id']}/content", sam)
        assert answer.status_code == 302
        for address in (answer.headers["location"], item["@microsoft.graph.downloadUrl"]):
            file = world.http.get(address)
            assert (file.status_code, file.text) == (200, "# MCP server\n\nOne tool, one permission.\n")
            assert file.headers["content-type"].startswith("text/markdown")
            for damaged in (address[:-1] + ("0" if address[-1] != "0" else "1"), address.replace("until=", "until=1")):
                refused(world.http.get(damaged), 401, "unauthenticated", ".+")
        folder = world.graph("GET", "/me/drive/root:/Releases", sam).json()["id"]
        refused(world.graph("GET", f"/me/drive/items/{folder}/content", sam), 400, "invalidRequest", ".+")

    def test_search(self, world: World, sam: str) -> None:
        assert values(world.graph("GET", "/me/drive/root/search(q='entra')", sam), "name") == ["1.4.txt"]
        assert values(world.graph("GET", "/me/drive/root/search(q='DESIGN')", sam), "name") == ["Design notes.md"]
        assert values(world.graph("GET", "/me/drive/root/search(q='policy')", sam), "name") == []

    def test_a_file_is_written_changed_and_deleted(self, world: World, robin: str) -> None:
        name = f"{fresh('note')}.txt"
        path = f"/me/drive/root:/New folder/{name}"
        made = world.graph("PUT", f"{path}:/content", robin, content=b"one=1&two=2")
        assert (made.status_code, made.json()["size"]) == (201, 11)
        again = world.graph("PUT", f"{path}:/content", robin, content=b"changed")
        assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
        assert world.http.get(again.json()["@microsoft.graph.downloadUrl"]).content == b"changed"
        by_id = f"/me/drive/items/{made.json()['id']}"
        assert world.graph("PUT", f"{by_id}/content", robin, content=b"\x00\xff").json()["size"] == 2
        assert world.graph("DELETE", by_id, robin).status_code == 204
        refused(world.graph("GET", path, robin), *NO_ITEM)
        with world.tenant.control() as control:
            assert "one=1" not in control.get("/log").text

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("PUT", "/me/drive/root:/a|b.txt:/content", 400, "invalidRequest"),
            ("PUT", "/me/drive/root:/" + "x" * 256 + ":/content", 400, "invalidRequest"),
            ("PUT", "/me/drive/root:/Receipts:/content", 409, "nameAlreadyExists"),
            ("PUT", "/me/drive/root:/Travel policy.md/x.txt:/content", 409, "nameAlreadyExists"),
            ("PUT", f"/me/drive/items/{UNKNOWN}/content", 404, "itemNotFound"),
            ("DELETE", "/me/drive/root", 400, "invalidRequest"),
            ("DELETE", f"/me/drive/items/{UNKNOWN}", 404, "itemNotFound"),
        ],
    )
    def test_what_can_not_be_done(
        self, world: World, robin: str, method: str, path: str, status: int, code: str
    ) -> None:
        refused(world.graph(method, path, robin), status, code, ".+")

    def test_nobody_elses(self, world: World, robin: str, sam: str) -> None:
        drive = world.graph("GET", "/me/drive", robin).json()["id"]
        file = world.graph("GET", "/me/drive/root:/Travel policy.md", robin).json()["id"]
        for path in (f"/users/{upn('robin')}/drive", f"/drives/{drive}", f"/drives/{drive}/items/{file}"):
            refused(world.graph("GET", path, sam), *DENIED_FILES)
        refused(world.graph("GET", f"/me/drive/items/{file}", sam), *NO_ITEM)

    def test_without_the_permission(self, world: World, sam: str) -> None:
        token = user_token(world, "User.Read")
        for path in ("/me/drive", "/me/drive/root/children", "/me/drives"):
            refused(world.graph("GET", path, token), *DENIED_FILES)
        refused(world.graph("PUT", "/me/drive/root:/x.txt:/content", sam, content=b""), *DENIED_FILES)

    def test_an_application_reads_everybodys_with_a_role(self, world: World) -> None:
        token = app_token(world, "Files.Read.All")
        found = world.graph("GET", f"/users/{upn('sam')}/drive/root/children", token)
        assert values(found, "name") == ["Releases", "Design notes.md"]
        refused(world.graph("PUT", f"/users/{upn('sam')}/drive/root:/x.txt:/content", token), *DENIED_FILES)
        refused(world.graph("GET", f"/users/{upn('sam')}/drive", app_token(world)), *DENIED_FILES)

    def test_a_guest_has_none(self, world: World) -> None:
        token = user_token(world, "Files.Read", name=KIM)
        refused(world.graph("GET", "/me/drive", token), 404, "ResourceNotFound", "User's mysite not found\\.")


def letter(to: str, **changes: Any) -> dict[str, Any]:
    """Return the body of sendMail."""
    message: dict[str, Any] = {
        "subject": fresh("Subject"),
        "body": {"contentType": "Text", "content": "The text."},
        "toRecipients": [{"emailAddress": {"address": to}}],
    }
    return {"message": {name: value for name, value in (message | changes).items() if value is not None}}


class TestMail:
    def test_ones_own(self, world: World, sam: str) -> None:
        body = world.graph("GET", "/me/messages", sam).json()
        assert {"Welcome", "Your travel expenses"} <= {message["subject"] for message in body["value"]}
        received = [message["receivedDateTime"] for message in body["value"]]
        assert received == sorted(received, reverse=True)
        one = body["value"][-1]
        assert world.graph("GET", f"/me/messages/{one['id']}", sam).json()["subject"] == one["subject"]
        refused(world.graph("GET", f"/me/messages/{UNKNOWN}", sam), *NO_MESSAGE)

    def test_folders(self, world: World, sam: str) -> None:
        folders = world.graph("GET", "/me/mailFolders", sam).json()["value"]
        assert [folder["displayName"] for folder in folders] == ["Inbox", "Drafts", "Sent Items", "Deleted Items"]
        inbox = folders[0]
        subjects = values(world.graph("GET", "/me/mailFolders/inbox/messages?$top=50", sam), "subject")
        by_id = world.graph("GET", f"/me/mailFolders/{inbox['id']}/messages?$top=50", sam)
        assert subjects == values(by_id, "subject")
        assert len(subjects) == inbox["totalItemCount"]
        assert "Invoice for the test server" in values(
            world.graph("GET", "/me/mailFolders/sentitems/messages", sam), "subject"
        )
        assert world.graph("GET", "/me/mailFolders/Inbox", sam).json()["id"] == inbox["id"]
        refused(world.graph("GET", "/me/mailFolders/nonsense/messages", sam), *NO_MESSAGE)

    def test_query_options(self, world: World, sam: str) -> None:
        asked = {"$filter": "contains(subject,'travel')", "$select": "subject,from", "$count": "true"}
        body = world.graph("GET", "/me/messages", sam, params=asked).json()
        assert body["@odata.count"] == 1
        assert list(body["value"][0]) == ["subject", "from"]
        asked = {"$filter": f"from/emailAddress/address eq '{upn('avery')}'", "$orderby": "subject"}
        assert "Welcome" in values(world.graph("GET", "/me/messages", sam, params=asked), "subject")
        first = world.graph("GET", "/me/messages?$top=1", sam).json()
        second = world.graph("GET", "/me/messages?$top=1&$skip=1", sam).json()
        assert first["value"][0]["id"] != second["value"][0]["id"]

    def test_what_is_sent_is_there_and_with_whom_it_was_sent_to(self, world: World, robin: str, sam: str) -> None:
        body = letter(upn("sam"), ccRecipients=[{"emailAddress": {"address": "someone@elsewhere.example"}}])
        answer = world.graph("POST", "/me/sendMail", robin, json=body)
        assert (answer.status_code, answer.content) == (202, b"")
        asked = {"$filter": f"subject eq '{body['message']['subject']}'"}
        (sent,) = world.graph("GET", "/me/mailFolders/sentitems/messages", robin, params=asked).json()["value"]
        (got,) = world.graph("GET", "/me/mailFolders/inbox/messages", sam, params=asked).json()["value"]
        assert sent["from"]["emailAddress"] == {"name": "Robin Marsh", "address": upn("robin")}
        assert got["body"] == sent["body"] == {"contentType": "text", "content": "The text."}
        assert (sent["isRead"], got["isRead"]) == (True, False)
        assert sent["ccRecipients"][0]["emailAddress"]["address"] == "someone@elsewhere.example"
        kept = world.graph("POST", "/me/sendMail", robin, json=letter(upn("sam")) | {"saveToSentItems": False})
        assert kept.status_code == 202

    def test_a_message_is_read_and_deleted(self, world: World, robin: str) -> None:
        world.graph("POST", "/me/sendMail", robin, json=letter(upn("robin")))
        one = world.graph("GET", "/me/mailFolders/inbox/messages?$top=1", robin).json()["value"][0]
        path = f"/me/messages/{one['id']}"
        assert world.graph("PATCH", path, robin, json={"isRead": True}).json()["isRead"] is True
        refused(world.graph("PATCH", path, robin, json={"subject": "x"}), 501, "notImplemented", ".+")
        assert world.graph("DELETE", path, robin).status_code == 204
        refused(world.graph("GET", path, robin), *NO_MESSAGE)

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({}, 400, "ErrorInvalidParameter"),
            ({"message": 1}, 400, "ErrorInvalidParameter"),
            (letter("x@y.example", toRecipients=None), 400, "ErrorInvalidRecipients"),
            (letter("x@y.example", toRecipients=[]), 400, "ErrorInvalidRecipients"),
            (letter("no address"), 400, "ErrorInvalidRecipients"),
            (letter("x@y.example", toRecipients="x@y.example"), 400, "ErrorInvalidParameter"),
            (letter("x@y.example", toRecipients=[{"emailAddress": {"address": 1}}]), 400, "ErrorInvalidRecipients"),
            (letter("x@y.example", subject="x" * 256), 400, "ErrorInvalidParameter"),
            (letter("x@y.example", body={"contentType": "rtf"}), 400, "ErrorInvalidParameter"),
            (letter("x@y.example", body="x"), 400, "ErrorInvalidParameter"),
            (letter("x@y.example", attachments=[]), 501, "notImplemented"),
            (letter("x@y.example") | {"saveToSentItems": 1}, 400, "ErrorInvalidRequest"),
        ],
    )
    def test_one_that_can_not_be_sent(self, world: World, robin: str, body: Any, status: int, code: str) -> None:
        refused(world.graph("POST", "/me/sendMail", robin, json=body), status, code, ".+")

    def test_without_the_permission(self, world: World, sam: str) -> None:
        token = user_token(world, "User.Read")
        for path in ("/me/messages", "/me/mailFolders", "/me/mailFolders/inbox/messages"):
            refused(world.graph("GET", path, token), *DENIED_MAIL)
        refused(world.graph("POST", "/me/sendMail", sam, json=letter(upn("robin"))), *DENIED_MAIL)
        refused(world.graph("GET", f"/users/{upn('robin')}/messages", sam), *DENIED_MAIL)

    def test_with_the_basic_one_there_is_no_text(self, world: World) -> None:
        token = user_token(world, "Mail.ReadBasic")
        for message in world.graph("GET", "/me/messages", token).json()["value"]:
            assert "subject" in message
            assert not {"body", "bodyPreview"} & set(message)

    def test_an_application_with_a_role(self, world: World) -> None:
        token = app_token(world, "Mail.Read")
        assert values(world.graph("GET", f"/users/{upn('robin')}/messages", token), "subject")
        refused(world.graph("POST", f"/users/{upn('robin')}/sendMail", token, json=letter(upn("sam"))), *DENIED_MAIL)

    def test_a_guest_has_no_mailbox(self, world: World) -> None:
        token = user_token(world, "Mail.Read", name=KIM)
        refused(world.graph("GET", "/me/messages", token), 404, "MailboxNotEnabledForRESTAPI", ".+")


def batch(world: World, *requests: dict[str, Any], token: str | None = None) -> Any:
    return world.graph("POST", "/$batch", token, json={"requests": list(requests)})


class TestBatch:
    """Source: https://learn.microsoft.com/graph/json-batching"""

    def test_several_at_once(self, world: World) -> None:
        body = {"displayName": fresh("Batched")}
        answer = batch(
            world,
            {"id": "1", "method": "GET", "url": "/me"},
            {"id": "2", "method": "GET", "url": "users?$filter=displayName eq 'Robin Marsh'&$select=displayName"},
            {"id": "3", "method": "POST", "url": "/applications", "body": body,
             "headers": {"Content-Type": "application/json"}},
            {"id": "4", "method": "GET", "url": f"/users/{UNKNOWN}"},
            {"id": "5", "method": "GET", "url": "/me", "dependsOn": ["4"]},
            {"id": "6", "method": "GET", "url": "/me", "dependsOn": ["1", "2"]},
            {"id": "7", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
        )  # fmt: skip
        assert answer.status_code == 200
        told = {one["id"]: one for one in answer.json()["responses"]}
        assert [told[str(number)]["status"] for number in range(1, 8)] == [200, 200, 201, 404, 424, 200, 200]
        assert told["1"]["body"]["userPrincipalName"] == upn("avery")
        assert told["2"]["body"]["value"] == [{"displayName": "Robin Marsh"}]
        assert told["4"]["body"]["error"]["code"] == "Request_ResourceNotFound"
        made = told["3"]["body"]
        assert world.graph("GET", f"/applications/{made['id']}").json()["displayName"] == body["displayName"]

    def test_it_may_do_what_its_token_may(self, world: World) -> None:
        token = user_token(world, "User.Read")
        other = {"Authorization": f"Bearer {world.administrator}"}
        step = {"id": "1", "method": "GET", "url": "/applications", "headers": other}
        answer = batch(world, step, token=token)
        assert answer.json()["responses"][0]["status"] == 403

    @pytest.mark.parametrize(
        "requests",
        [
            None, [], [1], [{}], [{"id": "1", "method": "GET"}], [{"id": 1, "method": "GET", "url": "/me"}],
            [{"id": "1", "method": "X", "url": "/me"}], [{"id": "1", "method": "GET", "url": "/me", "headers": 1}],
            [{"id": "1", "method": "GET", "url": "/me", "headers": {"a": 1}}],
            [{"id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"]}],
            [{"id": "1", "method": "GET", "url": "/me"}] * 2,
            [{"id": str(number), "method": "GET", "url": "/me"} for number in range(21)],
            [{"id": "1", "method": "POST", "url": "/$batch", "body": {}}],
            [{"id": "1", "method": "GET", "url": "https://["}],
        ],
    )  # fmt: skip
    def test_one_that_is_refused(self, world: World, requests: Any) -> None:
        refused(world.graph("POST", "/$batch", json={"requests": requests}), 400, "BadRequest", ".+")

    def test_nobody_without_a_token(self, world: World) -> None:
        refused(
            batch(world, {"id": "1", "method": "GET", "url": "/me"}, token="x"), 401, "InvalidAuthenticationToken", ".+"
        )
