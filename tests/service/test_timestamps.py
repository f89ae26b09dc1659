"""Time stamps from a real time-stamping authority: `openssl ts` behind an address of this machine."""

import base64
import json
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import text

from service.errors import BadSetting
from service.flow.trust.checkpoints import checkpoint, verify
from service.flow.trust.timestamps import stamp_missing
from service.records.tables import Checkpoint
from service.settings import load
from tests.service.conftest import OWNER

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """An authority; `spoil` changes what it answers."""

    def __init__(self, folder, program):
        self.program = program
        self.folder, self.asked, self.spoil = folder, 0, lambda answer: answer
        folder.mkdir()
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "ext.cnf").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
        new = ["req", "-newkey", "rsa:2048", "-nodes"]
        ca = ["-x509", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"]
        self.openssl(*new, *ca, "-addext", "keyUsage=critical,keyCertSign")
        self.openssl(*new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test TSA")
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "ext.cnf"]
        self.openssl("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signing)
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                authority.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                answer = authority.spoil(authority.answer(query))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_given):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tsa"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def openssl(self, *words):
        subprocess.run([self.program, *words], cwd=self.folder, check=True, capture_output=True)

    def answer(self, query):
        (self.folder / "query").write_bytes(query)
        self.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
        return (self.folder / "reply").read_bytes()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def authority(tmp_path, openssl):
    made = Authority(tmp_path / "tsa", openssl)
    yield made
    made.close()


def _stamp(house, number=1):
    with house.database.read() as session:
        return session.get_one(Checkpoint, number)


def test_a_checkpoint_is_stamped_and_openssl_agrees(embedded, authority, tmp_path):
    house = embedded.house
    house.settings = replace(house.settings, tsa=authority.url, tsa_ca=authority.folder / "ca.pem")
    checkpoint(house, OWNER)
    row = _stamp(house)
    assert row.stamp
    (authority.folder / "statement").write_text(row.statement, "utf-8", newline="")
    (authority.folder / "stamp.tsr").write_bytes(base64.b64decode(row.stamp))
    authority.openssl("ts", "-verify", "-data", "statement", "-in", "stamp.tsr", "-CAfile", "ca.pem")
    assert verify(house, OWNER).ok
    stamp_missing(house)
    assert authority.asked == 1  # once is enough

    with house.database.write() as session:
        session.execute(text("UPDATE checkpoints SET stamp = :stamp"), {"stamp": row.stamp[:-8] + "AAAAAAA="})
    report = verify(house, OWNER)
    assert (report.ok, report.problem) == (False, "the time stamp of checkpoint 1 does not hold")


def test_a_stamp_of_something_else_is_not_taken(embedded, authority, caplog):
    house = embedded.house
    house.settings = replace(house.settings, tsa=authority.url, tsa_ca=authority.folder / "ca.pem")
    other = authority.folder / "other"
    other.write_bytes(b"something else")
    authority.openssl("ts", "-query", "-data", "other", "-sha256", "-cert", "-out", "other.tsq")
    wrong = authority.answer((authority.folder / "other.tsq").read_bytes())
    for spoil in (
        lambda _answer: wrong,
        lambda answer: answer[:50],
        lambda _answer: b"",
        lambda _answer: b"<html>no</html>",
    ):
        authority.spoil = spoil
        assert checkpoint(house, OWNER) is not None
        assert _stamp(house).stamp == ""
        assert "has no time stamp yet" in caplog.text
        caplog.clear()
    authority.spoil = lambda answer: answer
    checkpoint(house, OWNER)  # nothing came since: no new checkpoint, and the old one gets its stamp
    assert _stamp(house).stamp


def test_a_stamp_of_another_authority_is_not_taken(embedded, authority, caplog):
    house = embedded.house
    new = ["req", "-newkey", "rsa:2048", "-nodes", "-x509", "-days", "30", "-keyout", "other.key", "-out", "other.pem"]
    authority.openssl(*new, "-subj", "/CN=Other CA", "-addext", "keyUsage=critical,keyCertSign")
    house.settings = replace(house.settings, tsa=authority.url, tsa_ca=authority.folder / "other.pem")
    checkpoint(house, OWNER)
    assert _stamp(house).stamp == ""
    assert "has no time stamp yet" in caplog.text
    house.settings = replace(house.settings, tsa_ca=authority.folder / "ca.pem")
    checkpoint(house, OWNER)
    assert _stamp(house).stamp
    assert verify(house, OWNER).ok
    house.settings = replace(house.settings, tsa_ca=authority.folder / "other.pem")
    assert verify(house, OWNER).problem == "the time stamp of checkpoint 1 does not hold"


def test_an_authority_that_is_down_holds_up_nothing(embedded, authority, caplog):
    house = embedded.house
    house.settings = replace(house.settings, tsa="http://127.0.0.1:9/", tsa_ca=authority.folder / "ca.pem")
    assert checkpoint(house, OWNER).number == 1
    assert "has no time stamp yet" in caplog.text
    assert verify(house, OWNER).ok


def test_settings(embedded):
    for more, name in (
        ({"JUANZONG_TSA": "ftp://x"}, "JUANZONG_TSA"),
        ({"JUANZONG_TSA": "http://x"}, "JUANZONG_TSA_CA"),
    ):
        with pytest.raises(BadSetting) as refused:
            load({**embedded.env, **more})
        assert refused.value.name == name


def test_evidence_carries_the_stamp(embedded, authority, tmp_path):
    import zipfile

    from service.flow.trust.evidence import evidence

    house = embedded.house
    house.settings = replace(house.settings, tsa=authority.url, tsa_ca=authority.folder / "ca.pem")
    with (tmp_path / "e.zip").open("w+b") as file:
        evidence(house, OWNER, embedded.take_in(), file)
    with zipfile.ZipFile(tmp_path / "e.zip") as package:
        (made,) = json.loads(package.read("history.json"))["checkpoints"]
        assert base64.b64decode(made["stamp"])
        assert "有 RFC 3161 时间戳" in package.read("cover.html").decode()
