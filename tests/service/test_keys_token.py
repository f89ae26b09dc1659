"""A master key in a real PKCS#11 token (SoftHSM). Each use is a process of its own: the library keeps its state in one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.conftest import DIGITAL, embedded_env

SCRIPT = """
import json, os, sys
from pathlib import Path
import pkcs11
from pkcs11 import Attribute
from vault.adapters.keyfolder import open_key
from vault.adapters.pkcs11 import Pkcs11Key
from vault.errors import KeysUnavailable, KeyUnusable

library, folder = sys.argv[1], Path(sys.argv[2])
pin = folder / "pin"
made = Pkcs11Key.create(folder / "a", "4321", library, "archive", b"r" * 32, secret_file=str(pin))
wrapped = made.wrap(b"k" * 32, b"of document 1")
said = {"size": len(wrapped), "root": made.root.decode()}
again = open_key(folder / "a", None)
said["same"] = again.unwrap(wrapped, b"of document 1") == b"k" * 32 and again.key_id == made.key_id
other = Pkcs11Key.create(folder / "b", "4321", library, "archive")
refused = 0
for key, what, context in (
    (again, wrapped, b"of document 2"),
    (other, wrapped, b"of document 1"),
    (again, wrapped[:-1], b"of document 1"),
    (again, wrapped[:20] + bytes([wrapped[20] ^ 1]) + wrapped[21:], b"of document 1"),
):
    try:
        key.unwrap(what, context)
    except KeyUnusable:
        refused += 1
said["refused"] = refused
inside = pkcs11.lib(library).get_token(token_label="archive").open()
said["keys"] = 0
for key in inside.get_objects({Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}):
    assert key[Attribute.SENSITIVE] and not key[Attribute.EXTRACTABLE] and key[Attribute.NEVER_EXTRACTABLE]
    try:
        key[Attribute.VALUE]
    except pkcs11.AttributeSensitive:
        said["keys"] += 1
child = os.fork()
if child == 0:
    os._exit(0 if again.unwrap(wrapped, b"of document 1") == b"k" * 32 else 9)
said["child"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
(folder / "tokens").rename(folder / "unplugged")
said["away"] = []
for what in (wrapped, wrapped[:-1] + bytes([wrapped[-1] ^ 1])):  # while the token is away, nobody can tell whether a key is damaged
    try:
        again.unwrap(what, b"of document 1")
    except (KeyUnusable, KeysUnavailable) as error:
        said["away"].append(type(error).__name__)
(folder / "unplugged").rename(folder / "tokens")
said["back"] = again.unwrap(wrapped, b"of document 1") == b"k" * 32
print(json.dumps(said))
"""


def _pin(folder: Path, text: str = "4321\n") -> Path:
    path = folder / "pin"
    path.write_text(text)
    path.chmod(0o600)
    return path


def _call(env: dict[str, str], *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", *map(str, args)]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def test_the_key_is_made_in_the_token_and_wraps_there(softhsm: Path, tmp_path: Path) -> None:
    _pin(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(softhsm), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    sound = {"size": 61, "root": "r" * 32, "same": True, "refused": 4, "keys": 2, "child": 0}
    assert said == sound | {"away": ["KeysUnavailable"] * 2, "back": True}


@pytest.fixture
def in_token(softhsm: Path, tmp_path: Path) -> tuple[dict[str, str], str, Path]:
    """An archive with a document whose master key moved into the token: (environment, document, file with the PIN)."""
    env, pin = embedded_env(tmp_path / "home"), _pin(tmp_path)
    assert _call(env, "init").returncode == 0
    taken = _call(env, "ingest", DIGITAL, "--json")
    document_id = json.loads(taken.stdout.splitlines()[0])["document_id"]
    done = _call(env, "keys", "rotate", "--pkcs11", softhsm, "--token", "archive", "--pin-file", pin, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["lost"] == []
    for old in (tmp_path / "home" / "keys").glob("*.old-*"):
        old.unlink()
    return env, document_id, pin


def test_an_archive_lives_on_a_key_in_a_token(in_token: tuple[dict[str, str], str, Path], tmp_path: Path) -> None:
    env, document_id, _pin_file = in_token
    got = _call(env, "get", document_id, "--rendition", "original", "-o", tmp_path / "out")
    assert got.returncode == 0, got.stderr
    assert (tmp_path / "out").read_bytes() == DIGITAL.read_bytes()
    assert _call(env, "audit", "verify").returncode == 0
    # And back to a key file.
    assert _call(env, "keys", "rotate").returncode == 0
    (tmp_path / "out").unlink()
    assert _call(env, "get", document_id, "--rendition", "original", "-o", tmp_path / "out").returncode == 0


def test_without_token_or_pin_the_start_says_what_to_do(
    in_token: tuple[dict[str, str], str, Path], tmp_path: Path
) -> None:
    env, _document_id, pin = in_token
    pin.write_text("9999")
    refused = _call(env, "init")
    assert (refused.returncode, "PKCS#11: token 'archive': the PIN is wrong" in refused.stderr) == (2, True)
    pin.write_text("4321")
    (tmp_path / "tokens").rename(tmp_path / "unplugged")
    (tmp_path / "tokens").mkdir()
    refused = _call(env, "keys", "list")
    assert (refused.returncode, "PKCS#11: token 'archive': no such token" in refused.stderr) == (2, True)
    assert "Traceback" not in refused.stderr
    (tmp_path / "tokens").rmdir()
    (tmp_path / "unplugged").rename(tmp_path / "tokens")
    assert _call(env, "keys", "list").returncode == 0
