"""What a host signs pictures with: a private key, its certificate, and the roots that are its own.

A certificate of one's own is made as C2PA 2.2 asks (§14.5.1): P-256, X.509 version 3, signed by a
root that is not itself in use. The root's key is thrown away at once, so that nothing else will
ever be signed by it, and the root alone tells others whom to trust.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from faults import HostError
from generation.provenance.trust import Trust

VALID: Final = timedelta(days=20 * 365)
"""How long a certificate of one's own holds: without a time-stamping service nobody can tell later
whether a signature is from before its end."""

_LEEWAY: Final = timedelta(days=1)
"""Since when it holds, for clocks that are late."""

_ALGORITHMS: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


class IdentityError(HostError, ValueError):
    """A certificate or a key that cannot sign; its text is one sentence and names no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What pictures are signed with.

    Attributes:
        algorithm: As C2PA names it, such as ``es256``.
        key: The private key, PKCS 8 in PEM.
        chain: The certificate and those above it, in PEM.
        root: The certificate that others would trust, in PEM.
    """

    algorithm: str
    key: str = field(repr=False)
    chain: str
    root: str

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The identity that ``to_json`` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """All of it, the private key too, as text to be kept."""
        return json.dumps(asdict(self))

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that signs."""
        return x509.load_pem_x509_certificates(self.chain.encode())[0]

    @property
    def trust(self) -> Trust:
        """What tells its signatures from others'."""
        return Trust(self.root, (str(self.certificate.serial_number),))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root, in hexadecimal."""
        root = x509.load_pem_x509_certificate(self.root.encode())
        return root.fingerprint(hashes.SHA256()).hex()


def make_identity(name: str = "Easel") -> Identity:
    """A new key with a certificate of its own.

    Args:
        name: Who signs, for people to read.
    """
    above, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    title, issuer = _name(name, name), _name(f"{name} root", name)
    root = (
        _begin(issuer, issuer, above.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(above, hashes.SHA256())
    )
    from_root = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key())
    certificate = (
        _begin(title, issuer, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(from_root, critical=False)
        .sign(above, hashes.SHA256())
    )
    written = _write(root)
    return Identity(
        algorithm="es256", key=_write_key(key), chain=_write(certificate) + written, root=written
    )


def read_identity(certificates: Path, key: Path) -> Identity:
    """One that was bought: a chain of certificates, the signer's first, and its private key.

    Raises:
        IdentityError: They cannot be read, do not belong together, are over, or sign otherwise than
            by an elliptic curve.
    """
    chain = _read_chain(certificates)
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, TypeError, ValueError, UnsupportedAlgorithm):
        raise IdentityError("EASEL_SIGN_KEY names no file of a PEM key without a password.") from (
            None
        )
    curve = private.curve.name if isinstance(private, ec.EllipticCurvePrivateKey) else ""
    if not isinstance(private, ec.EllipticCurvePrivateKey) or curve not in _ALGORITHMS:
        raise IdentityError("EASEL_SIGN_KEY is not of a curve that C2PA knows, such as P-256.")
    if chain[0].public_key() != private.public_key():
        raise IdentityError("EASEL_SIGN_KEY does not belong to EASEL_SIGN_CERTIFICATE.")
    if chain[0].not_valid_after_utc <= datetime.now(UTC):
        raise IdentityError("EASEL_SIGN_CERTIFICATE is over; ask who sold it for a new one.")
    return Identity(
        algorithm=_ALGORITHMS[curve],
        key=_write_key(private),
        chain="".join(map(_write, chain)),
        root=_write(chain[-1]),
    )


def read_trust(certificates: Path) -> Trust:
    """What tells the signatures of a certificate that was bought, also once it is over.

    Raises:
        IdentityError: It cannot be read.
    """
    chain = _read_chain(certificates)
    return Trust(_write(chain[-1]), (str(chain[0].serial_number),))


def _read_chain(certificates: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(certificates.read_bytes())
    except (OSError, ValueError):
        raise IdentityError("EASEL_SIGN_CERTIFICATE names no file of PEM certificates.") from None


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ]
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LEEWAY)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _write_key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
