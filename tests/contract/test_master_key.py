"""What every master key promises."""

import os
import stat
from pathlib import Path

import pytest

from vault.adapters import passphrase
from vault.adapters.keyfile import KeyFile
from vault.adapters.passphrase import PassphraseKey
from vault.errors import KeyUnusable

PHRASE = "four words make one"
#: passes, KiB and lanes: the least that a file may say
LEAST = {"PASSES": 1, "MEMORY_KIB": 19 * 1024, "LANES": 1}


class KeyFiles:
    """A master key in a key file."""

    create = staticmethod(KeyFile.create)
    load = staticmethod(KeyFile)
    secret_line = "key"


class Passphrases:
    """A master key from a passphrase."""

    @staticmethod
    def create(path):
        return PassphraseKey.create(path, PHRASE)

    @staticmethod
    def load(path):
        return PassphraseKey(path, PHRASE)

    secret_line = "salt"


@pytest.fixture(params=[KeyFiles, Passphrases])
def kind(request):
    return request.param


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "master.key"


@pytest.fixture(autouse=True)
def _quick(request, monkeypatch):
    """What a key promises it promises at any cost; one test makes and opens one at the costs of life."""
    if request.function is not test_what_was_wrapped_unwraps_after_a_restart:
        for name, least in LEAST.items():
            monkeypatch.setattr(passphrase, name, least)


def test_what_was_wrapped_unwraps_after_a_restart(kind, path):
    file_key = os.urandom(32)
    made = kind.create(path)
    wrapped = made.wrap(file_key, b"document 1")
    again = kind.load(path)
    assert again.unwrap(wrapped, b"document 1") == file_key
    assert again.key_id == made.key_id


def test_the_wrapped_key_does_not_show_the_key_and_is_never_the_same(kind, path):
    master, file_key = kind.create(path), os.urandom(32)
    first, second = master.wrap(file_key, b"c"), master.wrap(file_key, b"c")
    assert file_key not in first
    assert first != second


def test_another_context_does_not_unwrap(kind, path):
    master = kind.create(path)
    with pytest.raises(KeyUnusable):
        master.unwrap(master.wrap(os.urandom(32), b"document 1"), b"document 2")


def test_another_key_does_not_unwrap(kind, path, tmp_path):
    wrapped = kind.create(path).wrap(os.urandom(32), b"c")
    other = kind.create(tmp_path / "other.key")
    with pytest.raises(KeyUnusable):
        other.unwrap(wrapped, b"c")


def test_every_changed_bit_and_every_cut_is_noticed(kind, path):
    master = kind.create(path)
    wrapped = master.wrap(os.urandom(32), b"c")
    for bit in range(len(wrapped) * 8):
        changed = bytearray(wrapped)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyUnusable):
            master.unwrap(bytes(changed), b"c")
    for wrong in (b"", wrapped[:-1], wrapped + b"\0"):
        with pytest.raises(KeyUnusable):
            master.unwrap(wrong, b"c")


def test_only_whole_keys_are_wrapped(kind, path):
    with pytest.raises(ValueError, match="32 bytes"):
        kind.create(path).wrap(b"short", b"c")


def test_ids_are_short_public_and_differ(kind, path, tmp_path):
    one, other = kind.create(path), kind.create(tmp_path / "other.key")
    assert one.key_id != other.key_id
    assert 0 < len(one.key_id) <= 64
    assert one.key_id.isascii()


def test_the_file_is_its_owners_alone(kind, path):
    kind.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_open_to_others_is_refused(kind, path, mode):
    kind.create(path)
    path.chmod(mode)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        kind.load(path)


def test_an_existing_file_is_never_overwritten(kind, path):
    path.write_text("something precious")
    with pytest.raises(KeyUnusable, match="exists"):
        kind.create(path)
    assert path.read_text() == "something precious"
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_or_folder_is_said(kind, path):
    with pytest.raises(KeyUnusable, match="cannot be read"):
        kind.load(path)
    with pytest.raises(KeyUnusable, match="cannot be written"):
        kind.create(path / "deeper" / "key")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"some other text\n", b"#\n" * 5000])
def test_another_file_is_not_taken_for_a_key(kind, path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="is not a key file"):
        kind.load(path)


def test_a_slip_in_the_copy_is_noticed(kind, path):
    kind.create(path)
    text = path.read_text()
    start = text.index(f"{kind.secret_line}: ") + len(kind.secret_line) + 2
    other = "0" if text[start] != "0" else "1"
    for damaged in (text[:start] + other + text[start + 1 :], text[:start], text[: start + 9] + "\n"):
        path.write_text(damaged)
        with pytest.raises(KeyUnusable):
            kind.load(path)


def test_nothing_printed_shows_the_key(kind, path):
    master = kind.create(path)
    assert repr(master) == f"{type(master).__name__}(key_id={master.key_id!r})"
