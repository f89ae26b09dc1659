"""What is known of the certificate behind a signature. Authorities, certificates and lists of revoked ones are made here."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.sign import signers
from pyhanko.sign.validation.dss import DocumentSecurityStore

from intake import trust
from intake.inspect import inspect
from intake.model import Limits
from tests.intake import made
from tests.intake.test_signatures import SELLER, signed

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
ROOT, OTHER = "临溪电子认证中心", "别处认证中心"


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def usage(**what):
    kinds = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only"
    )
    return x509.KeyUsage(**{kind: what.get(kind, False) for kind in kinds.split()})


class Authority:
    """One that issues certificates and lists of those it has revoked."""

    def __init__(self, name, issuer=None):
        self.name, self.key = name, ec.generate_private_key(ec.SECP256R1())
        by = issuer or self
        self.certificate = (
            x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(by.name)).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(NOW - 900 * DAY).not_valid_after(NOW + 900 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(by.key, hashes.SHA256())
        )  # fmt: skip

    def signer(self, first=NOW - 30 * DAY, last=NOW + 300 * DAY, *, others=(), **what):
        key = ec.generate_private_key(ec.SECP256R1())
        self.issued = (
            x509.CertificateBuilder().subject_name(named(SELLER)).issuer_name(named(self.name)).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)
            .add_extension(usage(**(what or {"digital_signature": True})), critical=True)
            .sign(self.key, hashes.SHA256())
        )  # fmt: skip
        packed = serialization.pkcs12.serialize_key_and_certificates(
            b"test", key, self.issued, list(others) or None, serialization.NoEncryption()
        )
        return signers.SimpleSigner.load_pkcs12_data(packed, other_certs=[])

    def list_of(self, *revoked):
        made_of = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(named(self.name))
            .last_update(NOW - DAY)
            .next_update(NOW + 30 * DAY)
        )
        for certificate in revoked:
            made_of = made_of.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(certificate.serial_number)
                .revocation_date(NOW - 2 * DAY)
                .build()
            )
        data = made_of.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        return asn1_crl.CertificateList.load(data)


@pytest.fixture(scope="module")
def root():
    return Authority(ROOT)


@pytest.fixture
def trusting(tmp_path, root):
    """Trust the root, in a folder that also has what is no certificate."""
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "root.pem").write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "readme.txt").write_text("not a certificate", encoding="utf-8")
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (folder / "folder.pem").mkdir()
    return str(folder)


def with_list(data, *lists, certificates=()):
    out = io.BytesIO(data)
    brought = [asn1_x509.Certificate.load(c.public_bytes(serialization.Encoding.DER)) for c in certificates]
    DocumentSecurityStore.add_dss(out, None, certs=brought, crls=list(lists))
    return out.getvalue()


def certificates_of(tmp_path, data, folder=""):
    path = tmp_path / "contract.pdf"
    path.write_bytes(data)
    notes = inspect(path, Limits(signature_roots=folder)).notes
    return [trust.parted(note) for note in notes if trust.parted(note)]


def test_without_a_list_of_whom_is_trusted_nothing_is_said(tmp_path, root):
    assert certificates_of(tmp_path, signed(made.pdf(), root.signer(), "A")) == []


def test_whether_it_was_revoked_is_not_known_unless_the_file_says_so(tmp_path, root, trusting):
    data = signed(made.pdf(), root.signer(), "A")
    assert certificates_of(tmp_path, data, trusting) == ["unchecked"]
    assert certificates_of(tmp_path, with_list(data, root.list_of()), trusting) == ["trusted"]
    assert certificates_of(tmp_path, with_list(data, root.list_of(root.issued)), trusting) == ["revoked"]


def test_a_list_of_somebody_else_says_nothing(tmp_path, root, trusting):
    data = signed(made.pdf(), root.signer(), "A")
    forged = Authority(ROOT).list_of()  # the same name, another key
    assert certificates_of(tmp_path, with_list(data, forged), trusting) == ["unchecked"]
    assert certificates_of(tmp_path, with_list(data, Authority(OTHER).list_of()), trusting) == ["unchecked"]


def test_nobody_else_is_trusted(tmp_path, root, trusting):
    assert certificates_of(tmp_path, signed(made.pdf(), Authority(OTHER).signer(), "A"), trusting) == ["unknown"]
    assert certificates_of(tmp_path, signed(made.pdf(), Authority(ROOT).signer(), "A"), trusting) == [
        "unknown"
    ]  # its name alone


def test_a_certificate_that_has_expired(tmp_path, root, trusting):
    assert certificates_of(tmp_path, signed(made.pdf(), root.signer(NOW - 400 * DAY, NOW - DAY), "A"), trusting) == [
        "expired"
    ]
    other = Authority(OTHER).signer(NOW - 400 * DAY, NOW - DAY)
    assert certificates_of(tmp_path, signed(made.pdf(), other, "A"), trusting) == ["unknown"]


def test_a_certificate_for_something_else_is_not_for_signing(tmp_path, root, trusting):
    data = signed(made.pdf(), root.signer(key_encipherment=True), "A")
    assert certificates_of(tmp_path, data, trusting) == ["unknown"]


def test_one_in_between_may_come_with_the_file(tmp_path, root, trusting):
    between = Authority("临溪电子认证中心二级", root)
    assert certificates_of(tmp_path, signed(made.pdf(), between.signer(), "A"), trusting) == ["unknown"]
    by = between.signer(others=[between.certificate])
    assert certificates_of(tmp_path, signed(made.pdf(), by, "A"), trusting) == ["unchecked"]
    data = with_list(
        signed(made.pdf(), between.signer(), "A"),
        root.list_of(),
        between.list_of(),
        certificates=[between.certificate],
    )
    assert certificates_of(tmp_path, data, trusting) == ["trusted"]


def test_an_empty_or_lost_folder_trusts_nobody(tmp_path, root):
    (tmp_path / "none").mkdir()
    data = signed(made.pdf(), root.signer(), "A")
    for folder in ("none", "lost"):
        assert certificates_of(tmp_path, data, str(tmp_path / folder)) == ["unknown"]


def test_what_was_changed_has_no_word_of_its_certificate(tmp_path, root, trusting):
    data = bytearray(signed(made.pdf(), root.signer(), "A"))
    place = data.index(b"842")
    data[place : place + 3] = b"841"
    assert certificates_of(tmp_path, bytes(data), trusting) == []


@pytest.mark.parametrize("note", ["certificate", "certificate:", "certificate:good", "signature:unchanged:x", ""])
def test_other_notes_are_none(note):
    assert trust.parted(note) is None
