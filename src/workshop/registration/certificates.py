"""A certificate of one's own: the private key is made on this machine and never leaves it.

Source: https://learn.microsoft.com/entra/identity-platform/howto-create-self-signed-certificate
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from workshop.core.private_files import make_private_folder, write_private

KEY_BITS = 2048
SLACK = timedelta(minutes=5)


def make(path: Path, common_name: str, days: int, now: datetime) -> x509.Certificate:
    """Write a new key and its self-signed certificate to a PEM file that only its owner may read.

    Args:
        common_name: of the certificate's subject.

    Raises:
        FileUnusable: the file can't be written.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make_private_folder(path.parent)
    write_private(path, (private + certificate.public_bytes(Encoding.PEM)).decode())
    return certificate


def read(path: Path) -> x509.Certificate | None:
    """Return the certificate of a PEM file, None if there is none to be read."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def thumbprint_of(path: Path) -> str:
    """Return the thumbprint of the certificate in a PEM file, empty if there is none."""
    certificate = read(path)
    return thumbprint(certificate) if certificate else ""


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 of a certificate in upper-case hexadecimal digits: how the portal shows it."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - a name for it, not a protection
