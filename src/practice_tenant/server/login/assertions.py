"""The form of a client's assertion: what is checked before anybody asks whose it is.

A request carries it as::

    client_id=...&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=...

Source: RFC 7521 section 4.2; RFC 7523 sections 2.2 and 3.
"""

from __future__ import annotations

from practice_tenant.server.login import errors, jws
from practice_tenant.server.login.dotnet import instant

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# How much two clocks may differ, in seconds.
SKEW = 300


def read(assertion: str, assertion_type: str) -> jws.SignedToken:
    """Read an assertion that is in the right form and names its key.

    Raises:
        LoginError: 900144 without a type and 9002313 for an unknown one; 50027, 5002738, 5002723 or 90014.
    """
    if not assertion_type:
        raise errors.missing_parameter("client_assertion_type")
    if assertion_type != TYPE:
        raise errors.malformed()
    try:
        token = jws.read(assertion)
    except ValueError:
        raise errors.malformed_jwt() from None
    if token.algorithm not in jws.ALGORITHMS:
        raise errors.unsupported_algorithm(token.algorithm[:40])
    if not any(token.named(name) for name in ("x5t", "x5t#S256", "kid")):
        raise errors.no_key_named()
    for name in ("iss", "sub", "aud"):
        if not token.texts(name):
            raise errors.field_missing(name)
    return token


def check_times(now: float, token: jws.SignedToken) -> None:
    """Check that an assertion is valid now; one that says nothing about its end is not.

    Args:
        now: by the directory's clock, in Unix seconds.

    Raises:
        LoginError: 700024.
    """
    begins, ends = token.time("nbf"), token.time("exp")
    if begins > now + SKEW or not now < ends + SKEW:
        raise errors.assertion_time(instant(now), instant(begins), instant(ends))
