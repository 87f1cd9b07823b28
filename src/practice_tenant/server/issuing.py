"""Issuing certificates: seldom needed, slow to import, and so kept apart from what every start loads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

SIGNING_NAME = "accounts.accesscontrol.windows.net"
SIGNING_LIFETIME = timedelta(days=5 * 365)


def signing_key(now: float) -> tuple[bytes, bytes]:
    """Make a signing key.

    Returns:
        The private key, PEM, and the self-signed certificate under which it is published, DER.
    """
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, _certificate(private, now)


def _certificate(private: rsa.RSAPrivateKey, now: float) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SIGNING_NAME)])
    begins = datetime.fromtimestamp(now, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + SIGNING_LIFETIME)
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def leaf_certificate(hosts: tuple[str, ...], ends: float) -> tuple[bytes, bytes]:
    """Issue one leaf for all hosts from an authority whose key is then forgotten.

    Args:
        hosts: DNS names and addresses.
        ends: in Unix seconds.

    Returns:
        The authority's certificate, and the leaf with its key and chain, both PEM.
    """
    authority = trustme.CA(organization_name="PRACTICE tenant", organization_unit_name="not Microsoft")
    not_after = datetime.fromtimestamp(ends, UTC)
    leaf = authority.issue_cert(*hosts, organization_name="PRACTICE tenant", not_after=not_after)
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    return authority.cert_pem.bytes(), leaf.private_key_pem.bytes() + chain
