"""Digital signatures of PDFs, made here by a certificate of the test's own."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from intake.inspect import inspect
from intake.model import Limits
from intake.signatures import parted
from tests.intake import made

SELLER, BUYER = "临溪市鼎川阀门有限公司", "华岳实业集团有限公司"


def signer(name, key):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    packed = serialization.pkcs12.serialize_key_and_certificates(
        b"test", key, certificate, None, serialization.NoEncryption()
    )
    return signers.SimpleSigner.load_pkcs12_data(packed, other_certs=[])


@pytest.fixture(scope="module")
def seller():
    return signer(SELLER, rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="module")
def buyer():
    return signer(BUYER, ec.generate_private_key(ec.SECP256R1()))


def signed(data, by, field):
    out = io.BytesIO()
    meta = signers.PdfSignatureMetadata(field_name=field)
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), meta, signer=by, output=out)
    return out.getvalue()


def notes_of(tmp_path, data):
    path = tmp_path / "contract.pdf"
    path.write_bytes(data)
    notes = inspect(path, Limits()).notes
    assert path.read_bytes() == data
    return notes


def test_a_signed_pdf_says_by_whom_and_that_nothing_was_changed(tmp_path, seller):
    assert notes_of(tmp_path, signed(made.pdf(), seller, "A")) == ("signed", f"signature:unchanged:{SELLER}")


def test_a_second_signature_adds_to_what_was_signed(tmp_path, seller, buyer):
    both = signed(signed(made.pdf(), seller, "A"), buyer, "B")
    assert notes_of(tmp_path, both)[1:] == (f"signature:added_to:{SELLER}", f"signature:unchanged:{BUYER}")


def test_a_byte_changed_after_signing_shows(tmp_path, seller):
    data = bytearray(signed(made.pdf(), seller, "A"))
    place = data.index(b"842")  # how high the page is
    data[place : place + 3] = b"841"
    assert notes_of(tmp_path, bytes(data)) == ("signed", f"signature:changed:{SELLER}")


def test_a_value_that_the_signer_did_not_sign_shows(tmp_path, seller):
    data = bytearray(signed(made.pdf(), seller, "A"))
    start = data.index(b"/Contents <") + len(b"/Contents <")
    value = bytes.fromhex(data[start : data.index(b">", start)].decode()).rstrip(b"\0")
    forged = value[:-20] + bytes([value[-20] ^ 1]) + value[-19:]
    data[start : start + 2 * len(forged)] = forged.hex().encode()
    assert notes_of(tmp_path, bytes(data)) == ("signed", f"signature:changed:{SELLER}")


def test_what_stands_in_a_signature_may_be_anything(tmp_path, seller):
    assert notes_of(tmp_path, made.pdf(signed=True)) == ("signed", "signature:unverifiable:")
    data = bytearray(signed(made.pdf(), seller, "A"))
    start = data.index(b"/Contents <") + len(b"/Contents <")
    data[start + 40 : start + 48] = b"ffffffff"
    (_, note) = notes_of(tmp_path, bytes(data))
    assert parted(note)[0] in ("unverifiable", "changed")


def test_a_pdf_without_a_signature_says_nothing(tmp_path):
    assert notes_of(tmp_path, made.pdf(attachment="a.txt")) == ("attachment:a.txt",)


@pytest.mark.parametrize("note", ["signed", "attachment:signature:unchanged:x", "signature:", "signature:other:x", ""])
def test_other_notes_are_no_signatures(note):
    assert parted(note) is None
