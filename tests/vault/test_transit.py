"""The transit provider (experimental) against the documented form of the HTTP API, which a small server here answers by."""

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.adapters.keyfolder import open_key
from vault.adapters.transit import TransitKey
from vault.errors import KeysUnavailable, KeyUnusable
from vault.keyring import KeyRing

CONTEXT = b"of document 1"


class Transit(BaseHTTPRequestHandler):
    """`POST /v1/transit/keys|encrypt|decrypt/NAME`, as the API documentation of Vault 1.17 and OpenBao 2.0 has it."""

    keys: dict[str, bytes]
    sealed = odd = False

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        if type(self).sealed:
            return self._answer(503, {"errors": ["Vault is sealed"]})
        if self.headers["X-Vault-Token"] != "good":
            return self._answer(403, {"errors": ["permission denied"]})
        _v1, engine, what, name = self.path.strip("/").split("/")
        if engine != "transit":
            return self._answer(404, {"errors": ["no handler for route"]})
        if what == "keys":
            assert (asked["type"], asked["exportable"]) == ("aes256-gcm96", False)
            self.keys.setdefault(name, os.urandom(32))
            return self._answer(204, None)
        if name not in self.keys:
            return self._answer(400, {"errors": ["encryption key not found"]})
        cipher, bound_to = AESGCM(self.keys[name]), base64.b64decode(asked["associated_data"])
        if type(self).odd:
            return self._answer(200, {"data": {}})
        if what == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + cipher.encrypt(nonce, base64.b64decode(asked["plaintext"]), bound_to)
            return self._answer(200, {"data": {"ciphertext": "vault:v1:" + base64.b64encode(sealed).decode()}})
        try:
            sealed = base64.b64decode(asked["ciphertext"].removeprefix("vault:v1:"))
            plain = cipher.decrypt(sealed[:12], sealed[12:], bound_to)
        except (InvalidTag, ValueError):
            return self._answer(400, {"errors": ["cipher: message authentication failed"]})
        return self._answer(200, {"data": {"plaintext": base64.b64encode(plain).decode()}})

    def _answer(self, status: int, said: object) -> None:
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture
def server():
    """(address, the class that answers)."""
    answers = type("Answers", (Transit,), {"keys": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}", answers
        serving.shutdown()
        thread.join()


def test_the_key_wraps_on_the_server_and_the_file_opens_nothing(server, tmp_path):
    address, answers = server
    made = TransitKey.create(tmp_path / "a", "good", address, "transit", b"r" * 32)
    token = tmp_path / "token"
    token.write_text("good\n")
    token.chmod(0o600)
    again = open_key(tmp_path / "a", token)
    wrapped = made.wrap(b"k" * 32, CONTEXT)
    assert again.unwrap(wrapped, CONTEXT) == b"k" * 32
    assert (again.key_id, again.root) == (made.key_id, b"r" * 32)
    assert again.derive(b"audit head") == made.derive(b"audit head")
    (secret,) = answers.keys.values()
    assert secret.hex() not in (tmp_path / "a").read_text()
    assert (b"r" * 32).hex() not in (tmp_path / "a").read_text()
    other = TransitKey.create(tmp_path / "b", "good", address, "transit")
    for key, what, context in ((again, wrapped, b"other"), (other, wrapped, CONTEXT), (again, wrapped[1:], CONTEXT)):
        with pytest.raises(KeyUnusable):
            key.unwrap(what, context)
    with pytest.raises(KeyUnusable):
        again.unwrap(wrapped[:30], CONTEXT)


def test_a_file_key_goes_through_the_ring(server, tmp_path):
    from uuid import uuid4

    ring = KeyRing(TransitKey.create(tmp_path / "a", "good", server[0], "transit"))
    key, wrapped = ring.new(owner := uuid4())
    assert ring.unwrap(owner, wrapped) == key
    with pytest.raises(KeyUnusable):
        ring.unwrap(uuid4(), wrapped)


def test_what_is_wrong_with_the_server_is_said(server, tmp_path):
    address, answers = server
    key = TransitKey.create(tmp_path / "a", "good", address, "transit")
    with pytest.raises(KeyUnusable, match="refuses the token"):
        TransitKey(tmp_path / "a", "bad")
    with pytest.raises(KeyUnusable, match="no such transit engine"):
        TransitKey.create(tmp_path / "b", "good", address, "elsewhere")
    with pytest.raises(KeysUnavailable, match="does not answer"):
        TransitKey.create(tmp_path / "b", "good", "http://127.0.0.1:1", "transit")
    with pytest.raises(KeyUnusable, match="must begin with https"):
        TransitKey.create(tmp_path / "b", "good", "http://vault.example:8200", "transit")
    answers.odd = True
    with pytest.raises(KeysUnavailable, match="otherwise than"):
        key.wrap(bytes(32), CONTEXT)
    answers.odd, answers.sealed = False, True
    with pytest.raises(KeysUnavailable, match="is sealed"):
        key.wrap(bytes(32), CONTEXT)
    assert not (tmp_path / "b").exists()
    (tmp_path / "a").write_text("juanzong transit 1\naddress: x\n")
    with pytest.raises(KeyUnusable, match=r"transit.*damaged"):
        open_key(tmp_path / "a", tmp_path / "a")
