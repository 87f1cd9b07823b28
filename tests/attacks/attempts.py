"""What is attempted: each function does one attack on one server, and says in a word or two what came of it."""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress

from .target import CALLBACK, CHALLENGE, EVIL, Answer, Target, host_of

LOCAL = "http://127.0.0.1:33418"


def _led(answer: Answer, allowed: str = "") -> str:
    """Say what came of it; where a browser is sent elsewhere than allowed, say where to."""
    if 300 <= answer.status < 400 and answer.location and not answer.location.startswith(("/", allowed or "/")):
        host = host_of(answer.location)
        return str(answer) if host in ("localhost", "127.0.0.1") else f"SENT TO {host}"
    return str(answer)


# --- the address and the browser ---


def foreign_host(at: Target) -> str:
    """Call a tool's server by a name that the attacker's DNS made point to it."""
    return str(at.tool(headers={"Host": "evil.example"}))


def foreign_host_at_metadata(at: Target) -> str:
    """Ask by such a name where to sign in."""
    return str(at.get("/.well-known/oauth-protected-resource/mcp", {"Host": "evil.example"}))


def foreign_origin(at: Target) -> str:
    """Send a request from a page of the attacker's."""
    return str(at.tool(headers={"Origin": "http://evil.example"}))


def no_origin_at_all(at: Target) -> str:
    """Send one from a page without an origin, such as a sandboxed frame."""
    return str(at.tool(headers={"Origin": "null"}))


def forwarded_host(at: Target) -> str:
    """Let X-Forwarded-Host and its kin name another server, to be led there to sign in."""
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Proto": "https"}
    answers = [at.tool(headers=headers), at.get("/.well-known/oauth-authorization-server", headers)]
    answers.append(at.get("/.well-known/oauth-protected-resource/mcp", headers))
    named = any(b"evil.example" in answer.body or "evil" in str(answer.headers) for answer in answers)
    return "NAMES IT" if named else "names itself"


def foreign_page_reads(at: Target) -> str:
    """Ask for the right of a foreign page to read what /mcp and the consent page answer."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [
        at.send("OPTIONS", path, headers=headers) for path in ("/mcp", "/authorize", "/consent", "/auth/callback")
    ]
    answers.append(at.tool(headers={"Origin": "https://evil.example"}))
    names = ("access-control-allow-origin", "access-control-allow-credentials")
    given = [answer.headers[name] for answer in answers for name in names if name in answer.headers]
    return f"GIVEN {given}" if given else "not given"


def framed(at: Target) -> str:
    """Put the consent page into a frame, for a click that was meant for something else."""
    page = _consent_page(at)
    if page.status != 200:
        return str(page)
    csp = page.headers.get("content-security-policy", "")
    return "no frame" if page.headers.get("x-frame-options") == "DENY" or "frame-ancestors 'none'" in csp else "FRAMED"


def script_in_the_name(at: Target) -> str:
    """Register a client whose name is a script, for the consent page to run."""
    client = at.register(client_name="<script>alert(1)</script><img src=x onerror=alert(1)>").json().get("client_id")
    page = _consent_page(at, client_id=client or "nobody")
    if page.status != 200:
        return str(page)
    return "RUN" if b"<script>alert" in page.body or b"<img src=x" in page.body else "escaped"


def script_in_an_error(at: Target) -> str:
    """Let Entra's callback be told a script as an error, for its page to run."""
    page = at.ask("/auth/callback", error="<script>alert(1)</script>", error_description="<img src=x onerror=alert(1)>")
    return "RUN" if b"<script>alert" in page.body or b"<img src=x" in page.body else str(page.status)


# --- HTTP itself ---


def trace(at: Target) -> str:
    """Have the request, with its token, sent back."""
    answer = at.send("TRACE", "/mcp", headers={"Authorization": "Bearer secret-token", "Cookie": "a=secret-cookie"})
    return "SENT BACK" if b"secret-" in answer.body else str(answer.status)


def other_method(at: Target) -> str:
    """Use a method that a filter in front may not know."""
    answers = {
        at.send(method, path).status for method in ("PUT", "PATCH", "X") for path in ("/mcp", "/register", "/token")
    }
    return " ".join(map(str, sorted(answers)))


def smuggled(at: Target) -> str:
    """Send both a length and chunks, so that a proxy in front may see another request than the server."""
    inner = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /mcp HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n" % (at.server.port, len(inner) + 5)
    request = head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner
    return f"{_answers(at, request)} answers"


def two_lengths(at: Target) -> str:
    """Send two lengths that differ."""
    return str(at.raw(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"))


def length_that_is_none(at: Target) -> str:
    """Send a length with a sign, one in hexadecimal, and one beyond all numbers."""
    head = b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    return " ".join(str(at.raw(head + length + b"\r\n\r\n")) for length in (b"+5", b"0x10", b"9" * 40))


def line_break_in_a_header(at: Target) -> str:
    """End a header's value early, in the request and in what is sent back of it."""
    answer = at.authorize(state="s\r\nSet-Cookie: evil=1\r\n\r\n<html>")
    raw = at.raw(b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nX-A: b\nc\r\n\r\n").status
    return (
        "SPLIT" if "evil=1" in answer.headers.get("set-cookie", "") or b"<html>" in answer.body[:6] else f"whole, {raw}"
    )


def path_out_of_the_folder(at: Target) -> str:
    """Leave the server's paths for its files."""
    paths = (
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/.env",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
    )
    answers = [at.get(path) for path in paths]
    assert not any(b"root:" in answer.body for answer in answers)
    return " ".join(map(str, sorted({answer.status for answer in answers})))


def deep_json(at: Target) -> str:
    """Send JSON so deep that it ends the stack of who reads it."""
    deep = b"[" * 30_000 + b"]" * 30_000
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    return ", ".join(str(at.send("POST", path, deep, headers)) for path in ("/mcp", "/register"))


def strange_json(at: Target) -> str:
    """Register with what JSON allows and nobody expects: half a character, numbers beyond all, a list for an object."""
    bodies = (
        b'{"client_name":"\\ud800","redirect_uris":["http://localhost:1/"]}',
        b'{"redirect_uris":1e999}',
        b"[]",
        b"\xff",
    )
    more = {"Content-Type": "application/json"}
    return _worst([at.send("POST", "/register", body, more) for body in bodies])


def huge_body(at: Target) -> str:
    """Send a megabyte to a route that anybody may use."""
    body = json.dumps({"redirect_uris": [CALLBACK], "client_name": "x" * 1_000_000}).encode()
    return str(at.send("POST", "/register", body, {"Content-Type": "application/json"}))


def huge_form(at: Target) -> str:
    """Send a megabyte to the token endpoint."""
    return str(at.form("/token", grant_type="authorization_code", code="x" * 1_000_000, client_id="nobody"))


def many_addresses(at: Target) -> str:
    """Register a thousand redirect URIs in a body that is not too long."""
    return _refused(at.register(redirect_uris=[f"http://localhost:{port}/" for port in range(1_000, 2_000)]))


# --- who the client is, and where the browser is sent ---


def open_redirect(at: Target) -> str:
    """Have the browser sent to an address that nobody registered, under the app's own id."""
    app = at.forge.entra.app.client_id
    return _refused(at.authorize(client_id=app, redirect_uri=EVIL, response_type="token"))


def open_redirect_to_a_program(at: Target) -> str:
    """The same with the address of a program on the user's machine."""
    app = at.forge.entra.app.client_id
    return _refused(*[at.authorize(client_id=app, redirect_uri=one) for one in ("search-ms:query=x", "vscode://x/y")])


def another_address_of_the_list(at: Target) -> str:
    """Register one address and ask for another one that clients may have."""
    others = ("https://vscode.dev/redirect", "http://localhost:33418/other", "http://127.0.0.1:33418/other")
    return _refused(*[at.authorize(redirect_uri=one) for one in others])


def address_not_registered(at: Target) -> str:
    """Ask for a redirect URI that begins like the registered one, or holds it."""
    wrong = (
        EVIL, f"{CALLBACK}more", f"{CALLBACK}?x=1", "http://127.0.0.1.evil.example:33418/", "http://127.0.0.1:33418@evil.example/",
        f"{EVIL}?{CALLBACK}", "https://127.0.0.1:33418/", "http://127.0.0.1:33418/../x", "http://127.0.0.1:33418/#x",
    )  # fmt: skip
    return " ".join(sorted({_led(at.authorize(redirect_uri=one)) for one in wrong}))


def script_as_an_address(at: Target) -> str:
    """Register an address that is a script."""
    return _worst(
        [at.register(redirect_uris=[one]) for one in ("javascript:alert(1)", "data:text/html,x", "vbscript:x")]
    )


def client_that_is_no_client(at: Target) -> str:
    """Ask under an id that nobody registered, and under texts that are no id."""
    ids = ("nobody", "", "\0", "../../x", "%00", "x" * 10_000, "\ud83d\ude00", "a b", "' OR 1=1 --")
    return _worst(
        [at.authorize(client_id=one.encode("utf-8", "surrogatepass").decode("utf-8", "replace")) for one in ids]
    )


def malformed_address_as_client(at: Target) -> str:
    """Ask under an id that is nearly an address."""
    ids = (
        r"https://127.0.0.1:1\.example.com/x", "https://[::1", "https://", "https://:443/x", "https://a:99999999/x",
        "https://xn--/x", "https://a..b/x", f"https://{'a' * 300}.example/x", "https://example.com:port/x",
    )  # fmt: skip
    return _worst([at.authorize(client_id=one) for one in ids])


def document_inside(at: Target) -> str:
    """Name a client by an address inside the server's own network, to have it fetched."""
    with socket.create_server(("127.0.0.1", 0)) as inside:
        port = inside.getsockname()[1]
        asked: list[object] = []
        inside.settimeout(0.2)
        ids = [
            f"https://127.0.0.1:{port}/x", f"https://localhost:{port}/x", f"https://[::ffff:127.0.0.1]:{port}/x",
            f"https://2130706433:{port}/x", f"http://127.0.0.1:{port}/x", "https://169.254.169.254/latest",
        ]  # fmt: skip
        answers = [at.authorize(client_id=one) for one in ids]
        with suppress(TimeoutError):
            asked.append(inside.accept())
    return "FETCHED" if asked else _worst(answers)


# --- codes, proofs and tokens ---


def no_proof(at: Target) -> str:
    """Ask for a code without a proof of who will redeem it."""
    return _led(at.authorize(code_challenge=None, code_challenge_method=None), LOCAL)


def plain_proof(at: Target) -> str:
    """Ask for the weaker proof, which who sees the request can give."""
    return _led(at.authorize(code_challenge_method="plain"), LOCAL)


def wrong_proof(at: Target) -> str:
    """Redeem a code with a wrong proof, and with the challenge itself."""
    return _worst([at.redeem(at.code(at.client()), code_verifier=one) for one in ("y" * 43, CHALLENGE)])


def proof_left_out(at: Target) -> str:
    """Redeem a code without the proof."""
    return str(at.redeem(at.code(at.client()), code_verifier=None))


def token_in_the_address_bar(at: Target) -> str:
    """Ask for a token in place of a code."""
    return _worst([at.authorize(response_type=one) for one in ("token", "id_token", "code token", "none")], LOCAL)


def another_clients_code(at: Target) -> str:
    """Redeem a code that was issued to another client."""
    return str(at.redeem(at.code("another")))


def another_address_at_the_end(at: Target) -> str:
    """Redeem a code for another redirect URI than it was asked for."""
    return str(at.redeem(at.code(at.client()), redirect_uri=EVIL))


def code_twice(at: Target) -> str:
    """Redeem a code twice, and then use what the first one yielded."""
    code = at.code(at.client())
    first = at.redeem(code).json()
    second = at.redeem(code)
    if "refresh_token" not in first:
        return str(second)
    return f"{second}, then {at.refresh(first['refresh_token'])}"


def spent_refresh_token(at: Target) -> str:
    """Show a refresh token again and again, and then its successor."""
    first = at.redeem(at.code(at.client())).json()
    if "refresh_token" not in first:
        return str(at.refresh("x"))
    second = at.refresh(first["refresh_token"]).json()
    answers = [at.refresh(first["refresh_token"]) for _ in range(3)]
    return f"{answers[-1]}, then {at.refresh(second['refresh_token'])}"


def another_clients_refresh_token(at: Target) -> str:
    """Show a refresh token as another client."""
    first = at.redeem(at.code(at.client())).json()
    other = at.client("http://127.0.0.1:44444/")
    return str(at.refresh(first.get("refresh_token", "x"), client_id=other))


def grants_for_nobody(at: Target) -> str:
    """Ask for a token without a user: by a password, for the client itself, by an assertion."""
    kinds = ("password", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "nonsense")
    return _worst(
        [at.form("/token", grant_type=kind, client_id=at.client(), username="robin", password="x") for kind in kinds]
    )


def callback_without_the_browser_that_agreed(at: Target) -> str:
    """Bring a code to the callback in a browser that never saw the consent page."""
    started = re.search(r"txn_id=([^&]+)", at.authorize().location)
    return str(at.ask("/auth/callback", code="x", state=started[1] if started else "x").status)


def yes_of_another_page(at: Target) -> str:
    """Send the consent page's form from a page of the attacker's, in the victim's browser."""
    started = re.search(r"txn_id=([^&]+)", at.authorize().location)
    txn = started[1] if started else "x"
    return str(at.form("/consent", txn_id=txn, action="approve", csrf_token="x").status)


def cookies_for_scripts(at: Target) -> str:
    """Read the consent page's cookies by a script, or send them from another site."""
    page = _consent_page(at)
    cookies = page.headers.get("set-cookie", "")
    if not cookies:
        return str(page.status) if page.status != 200 else "no cookie"
    lower = cookies.lower()
    return "kept" if "httponly" in lower and re.search("samesite=(lax|strict)", lower) else f"OPEN {cookies}"


def resource_of_another(at: Target) -> str:
    """Ask for a token for another resource than this server."""
    return _led(at.authorize(resource="https://another.example/mcp"), LOCAL)


def _refused(*answers: Answer) -> str:
    """Say that all were refused with a 4xx other than 404, or what came in place of that."""
    others = [one for one in answers if not 400 <= one.status < 500 or one.status == 404]
    return _worst(others) if others else "refused"


def _consent_page(at: Target, **changes: str | None) -> Answer:
    started = at.authorize(**changes)
    if started.status != 302 or "/consent" not in started.location:
        return started
    return at.get("/consent" + started.location.partition("/consent")[2])


def _worst(answers: list[Answer], allowed: str = "") -> str:
    """Return the different answers, in order."""
    return " ".join(sorted({_led(answer, allowed) for answer in answers}))


def _answers(at: Target, request: bytes) -> int:
    """Send bytes and return how many answers come back."""
    got = b""
    with socket.create_connection(("127.0.0.1", at.server.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                got += part
    return len(re.findall(rb"HTTP/1\.1 \d{3} ", got))
