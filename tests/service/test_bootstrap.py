"""Putting the house together: one archive, one key, nobody else's to read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from service.bootstrap import build, prepare
from service.errors import BadSetting
from service.flow.intake.render import read_rendition
from service.flow.trust.fixity import fixity
from service.records.database import Database
from service.settings import load
from tests.service.conftest import DIGITAL, OWNER, SCANS, embedded_env, open_office, server_env
from tests.service.test_migrations import form_of_first_release
from vault.adapters.keyfile import KeyFile

ROOT = Path(__file__).parents[2]


def _juanzong(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", *words]
    return subprocess.run(
        command, env={**os.environ, **env}, cwd=ROOT, capture_output=True, text=True, umask=0o022, check=False
    )


@pytest.mark.parametrize("kind", ["embedded", "servers"])
def test_another_valid_key_is_refused_before_anything_is_written(tmp_path, request, kind):
    home = tmp_path / "home"
    office = open_office(embedded_env(home) if kind == "embedded" else server_env(home, request))
    office.take_in()
    before = sorted(map(str, office.house.vault.store.names()))
    right = office.house.keys.key_id
    other = tmp_path / "other.key"
    KeyFile.create(other)
    wrong = load({**office.env, "JUANZONG_KEY_FILE": str(other)})
    with pytest.raises(BadSetting, match="JUANZONG_KEY_FILE") as caught:
        build(wrong)
    assert str(other) in str(caught.value)
    assert right in str(caught.value)
    if kind == "embedded":
        env = {**office.env, "JUANZONG_KEY_FILE": str(other)}
        for words in (("ingest", str(DIGITAL)), ("init",), ("search", "合同"), ("serve",)):
            done = _juanzong(env, *words)
            assert (done.returncode, done.stdout) == (2, ""), words
            assert "JUANZONG_KEY_FILE" in done.stderr
    assert sorted(map(str, office.house.vault.store.names())) == before
    build(load(office.env)).database.dispose()
    office.house.database.dispose()


def test_all_that_an_archive_writes_is_its_owner_s_alone(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    env = embedded_env(home)
    assert _juanzong(env, "init").returncode == 0
    done = _juanzong(env, "ingest", str(DIGITAL), "--json")
    assert json.loads(done.stdout)["status"] == "stored"
    found = [home, *home.rglob("*")]
    assert {"juanzong.db", "master.key"} <= {path.name for path in found}
    assert {str(path): oct(path.stat().st_mode & 0o777) for path in found if path.stat().st_mode & 0o077} == {}


def test_a_database_that_was_open_to_others_is_closed(tmp_path):
    env = embedded_env(tmp_path / "home")
    prepare(load(env))
    database = tmp_path / "home" / "juanzong.db"
    database.chmod(0o644)
    (tmp_path / "home").chmod(0o755)
    prepare(load(env))
    assert database.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "value"),
    [("JUANZONG_SECOND_FACTOR_ROLES", "auditor,king"), ("JUANZONG_OIDC_CLIENT_SECRET_FILE", "/nonexistent/secret")],
)
def test_a_way_in_that_is_wrong_is_named_before_anybody_signs_in(tmp_path, name, value):
    env = embedded_env(tmp_path / "home")
    prepare(load(env))
    whole = {"JUANZONG_OIDC_ISSUER": "https://id.example.com", "JUANZONG_OIDC_CLIENT_ID": "juanzong"}
    with pytest.raises(BadSetting, match=name):
        build(load(env | whole | {name: value}))


def test_a_home_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "home").touch()
    with pytest.raises(BadSetting, match="JUANZONG_HOME"):
        prepare(load(embedded_env(tmp_path / "home")))


def test_an_archive_without_its_key_is_not_upgraded(tmp_path):
    """On the day of an upgrade, too, a lost key is said, and never replaced by a new one."""
    settings = load(embedded_env(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    database = Database(settings.database_url)
    form_of_first_release(database)
    with pytest.raises(BadSetting, match="put it back"):
        prepare(settings)
    assert not settings.key_file.exists()
    with database.read() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"
    database.dispose()


def _suites(office) -> set[int]:
    objects = office.house.settings.home / "objects"
    return {path.read_bytes()[9] for path in objects.glob("*/*/*-*")}


def test_the_suite_of_the_settings_seals_what_is_new_and_everything_stays_readable(tmp_path):
    office = open_office(embedded_env(tmp_path / "home"))
    first = office.take_in()
    assert _suites(office) == {1}
    office.house.database.dispose()
    chinese = build(load({**office.env, "JUANZONG_SUITE": "sm4-gcm"}))
    office.house = chinese
    second = office.take_in(SCANS / "contract-mixed.pdf")
    assert _suites(office) == {1, 2}
    chinese.database.dispose()
    again = build(load(office.env))
    for document_id, path in ((first, DIGITAL), (second, SCANS / "contract-mixed.pdf")):
        assert read_rendition(again, OWNER, document_id, "original")[0].read() == path.read_bytes()
    *_, report = fixity(again, OWNER)
    assert report.ok
    again.database.dispose()


def test_a_suite_that_this_machine_has_not_stops_the_start_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("service.bootstrap.why_not", lambda _number: "the crypto library offers no SM4-GCM")
    settings = load({**embedded_env(tmp_path / "home"), "JUANZONG_SUITE": "sm4-gcm"})
    with pytest.raises(BadSetting, match=r"JUANZONG_SUITE asks for sm4-gcm.*offers no SM4-GCM"):
        prepare(settings)
    assert not settings.home.exists()
    with pytest.raises(BadSetting, match=r"JUANZONG_SUITE must be one of"):
        load({**embedded_env(tmp_path / "home"), "JUANZONG_SUITE": "des"})
