"""The figures of lesson 05: the parts of a token, and who looks at which of its claims."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, RED, SOFT, arrow, box, picture, text

BOLD = "font-weight:bold"


def parts_of_a_token() -> str:
    """Draw the three parts of a token, and what the third is good for."""
    parts = [
        box(20, 40, 220, 100, "header", ("which key, which", "algorithm"), BLUE),
        box(300, 40, 300, 100, "claims", ("who issued it, for whom,", "about whom, until when"), BLUE),
        box(660, 40, 270, 100, "signature", ("made over the other two", "with Entra's private key"), GREEN),
        text(270, 98, ".", BOLD, size=30),
        text(630, 98, ".", BOLD, size=30),
        text(310, 178, "plain text in base64url: anyone can read it, and write another", colour=SOFT),
        text(795, 178, "nobody else can make it", colour=SOFT),
        text(
            475, 218, "Whoever has Entra's public keys can tell whether all three belong together.", BOLD, colour=SOFT
        ),
    ]
    return picture(950, 240, "The three parts of a token", parts)


def who_looks() -> str:
    """Draw what FastMCP's verifier looks at, and what it leaves to the server."""
    fastmcp = ("signature, alg, kid", "iss, aud, scp", "exp and nbf, if they are there")
    yours = ("Are there an exp and an nbf?", "Is it our tenant (tid), a client of", "ours (azp), a user (sub, oid)?")
    parts = [
        box(20, 40, 180, 130, "A token", ("from anywhere",), BLUE),
        box(290, 40, 240, 130, "FastMCP's verifier", fastmcp, BLUE),
        box(620, 40, 300, 130, "Your rules", yours, GREEN),
        arrow(202, 105, 286, 105),
        arrow(532, 105, 616, 105),
        text(475, 215, "What only your rules would notice gets in where there are none.", BOLD, colour=RED),
    ]
    return picture(950, 240, "What is looked at, and by whom", parts)


FIGURES = {"parts": parts_of_a_token, "who-looks": who_looks}
