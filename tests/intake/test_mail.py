"""Letters as senders, scanners and attackers write them."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.channels.mail import folder_word, is_welcome, parse_address, read_letter
from intake.formats.mail import attachments
from intake.inspect import inspect
from intake.model import Limits

PDF = b"%PDF-1.4 something"


def letter(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in ({"From": "李娜 <li.na@example.com>", "Subject": "合同扫描件"} | headers).items():
        message[name.replace("_", "-")] = value
    message.set_content("见附件。")
    return message


def test_what_a_letter_says_and_carries():
    message = letter(Message_ID="<1@example.com>", Date="Wed, 25 Nov 2026 09:00:00 +0800")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="合同 三月.pdf")
    message.add_attachment(b"II*\x00", maintype="image", subtype="tiff", filename="b.tif")
    read = read_letter(message.as_bytes())
    assert (read.sender, read.subject, read.message_id) == ("li.na@example.com", "合同扫描件", "<1@example.com>")
    assert read.date == "Wed, 25 Nov 2026 09:00:00 +0800"
    assert [(a.filename, a.data) for a in read.attachments] == [("合同 三月.pdf", PDF), ("b.tif", b"II*\x00")]


def test_words_emblems_and_empty_files_are_no_attachments():
    message = letter()
    message.add_alternative("<p>见附件<img src=cid:logo></p>", subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>")
    message.make_mixed()
    message.add_attachment(b"", maintype="application", subtype="pdf", filename="empty.pdf")
    assert read_letter(message.as_bytes()).attachments == ()


def test_a_letter_that_is_attached_is_one_whole_and_its_lines_are_as_they_came():
    inner = letter(Subject="送货通知", X_Long="a" * 40 + " " + "b" * 60)
    inner.add_attachment(PDF, maintype="application", subtype="pdf", filename="inner.pdf")
    outer = letter()
    outer.add_attachment(inner)
    outer.add_attachment(PDF, maintype="application", subtype="pdf", filename="outer.pdf")
    one, other = read_letter(outer.as_bytes()).attachments
    assert (one.filename, other.filename) == ("送货通知.eml", "outer.pdf")
    assert [a.filename for a in read_letter(one.data).attachments] == ["inner.pdf"]
    assert one.data.replace(b"\r\n", b"\n").strip() in outer.as_bytes()
    alone = letter()
    alone.add_attachment(letter(Subject=""))
    assert [a.filename for a in read_letter(alone.as_bytes()).attachments] == ["letter.eml"]


def test_a_photo_inside_the_words_is_an_attachment_and_an_emblem_is_not(tmp_path):
    message = letter()
    message.add_alternative("<p>执照<img src=cid:a><img src=cid:b></p>", subtype="html")
    for cid, size in (("<a>", 300_000), ("<b>", 4000)):
        picture = b"\xff\xd8" + b"0" * size
        message.get_payload()[1].add_related(
            picture, "image", "jpeg", cid=cid, filename=f"{size}.jpg", disposition="inline"
        )
    assert [a.filename for a in read_letter(message.as_bytes()).attachments] == ["300000.jpg"]
    path = tmp_path / "letter.eml"  # handed in as a file, or attached to another letter
    path.write_bytes(message.as_bytes())
    assert [a.name for a in attachments(path)] == ["300000.jpg"]
    assert inspect(path, Limits()).notes == ("attachment:300000.jpg",)


def test_a_scanner_that_names_nothing():
    raw = b"From: scanner@example.com\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQ="
    assert [(a.filename, a.data) for a in read_letter(raw).attachments] == [("attachment-1", b"%PDF-1.4")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\scans\\合同.pdf", "合同.pdf"),
        ("a\x00b\x1b[31m.pdf", "a_b_[31m.pdf"),
        ("\u202efdp.exe", "_fdp.exe"),
        ("...", "attachment-1"),
        ("长" * 300 + ".pdf", "长" * 63 + ".pdf"),
    ],
)
def test_a_hostile_name_is_made_harmless(name, expected):
    raw = b"From: a@b.c\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''"
    raw += "".join(f"%{byte:02X}" for byte in name.encode()).encode() + b"\n\nx"
    (attachment,) = read_letter(raw).attachments
    assert attachment.filename == expected


def test_a_letter_from_two_is_from_nobody():
    assert read_letter(letter(From="a@example.com, b@example.com").as_bytes()).sender == ""


def test_a_header_cannot_hold_lines():
    raw = b"From: a@b.c\nSubject: =?utf-8?B?" + b"YQ0KRnJvbTogeEB5Lno=" + b"?=\n\nx"
    assert "\n" not in read_letter(raw).subject


#: A part over which the parser of the headers trips, and one whose attached letter cannot be written out again.
UNDECODABLE = (
    b"Content-Type: application/pdf\n\nx".replace(b"\n\n", b"\nContent-Disposition: attachment; filename*\n\n"),
    "Content-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed\n\n正文".encode(),
)


@pytest.mark.parametrize("part", UNDECODABLE)
def test_what_cannot_be_decoded_is_an_attachment_without_bytes(part):
    good = b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\nJVBERi0xLjQ="
    head = b"From: a@b.c\nContent-Type: multipart/mixed; boundary=B\n\n"
    found = read_letter(head + b"".join(b"--B\n" + one + b"\n" for one in (part, good)) + b"--B--\n").attachments
    assert [(one.filename, one.data is None) for one in found] == [("attachment-1", True), ("a.pdf", False)]


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_nothing_that_arrives_brings_the_reader_down(raw):
    read_letter(raw)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_nor_do_broken_parts(raw):
    head = b"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Disposition: attachment; filename="
    read_letter(head + raw + b"\n--x--")


@pytest.mark.parametrize(
    ("sender", "allowed", "welcome"),
    [
        ("a@example.com", ["a@example.com"], True),
        ("A@Example.COM", ["a@example.com"], True),
        ("a@example.com", ["@example.com"], True),
        ("a@sub.example.com", ["@example.com"], False),
        ("a@badexample.com", ["@example.com"], False),
        ("a@example.com.evil.org", ["@example.com"], False),
        ("a@example.com", ["*"], True),
        ("", ["*"], False),
        ("a@example.com", [], False),
    ],
)
def test_whose_letters_are_taken(sender, allowed, welcome):
    assert is_welcome(sender, allowed) is welcome


def test_addresses():
    found = parse_address("imaps://scan%40example.com@mail.example.com/%E6%89%AB%E6%8F%8F/in")
    assert (found.user, found.host, found.port, found.folder) == (
        "scan@example.com",
        "mail.example.com",
        993,
        "扫描/in",
    )
    assert parse_address("imaps://u@h:1993").folder == "INBOX"
    assert parse_address("imap://u@127.0.0.1", plain=True).port == 143


@pytest.mark.parametrize(
    "url",
    [
        "imap://u@127.0.0.1",
        "http://u@h",
        "imaps://h",
        "imaps://u@",
        "imaps://u:geheim@h",
        "imaps://u@h:x",
        "imaps://u@[h",
    ],
)
def test_addresses_that_are_none(url):
    with pytest.raises(ValueError, match=r"must|holds|names|has") as caught:
        parse_address(url)
    assert "geheim" not in str(caught.value)


def test_plain_imap_goes_nowhere_but_here():
    with pytest.raises(ValueError, match="in the clear"):
        parse_address("imap://u@mail.example.com", plain=True)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("INBOX", '"INBOX"'),
        ("台北", '"&U,BTFw-"'),  # the example of RFC 3501, 5.1.3
        ("a&b", '"a&-b"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
    ],
)
def test_folders_as_imap_writes_them(name, word):
    assert folder_word(name) == word
