"""Settings: each wrong one stops start-up and is named."""

from datetime import date

import pytest

from service.bootstrap import build
from service.errors import BadSetting
from service.settings import load


def test_defaults_lie_under_the_home(tmp_path):
    settings = load({"JUANZONG_HOME": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/juanzong.db"
    assert settings.object_store == f"file://{tmp_path}/objects"
    assert settings.search == f"tantivy://{tmp_path}/index"
    assert settings.key_file == tmp_path / "keys" / "master.key"
    assert settings.today is None
    assert 1 <= settings.serving_processes <= 4
    assert load({"JUANZONG_HOME": str(tmp_path), "JUANZONG_WEB_PROCESSES": "9"}).serving_processes == 9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUANZONG_OCR", "abbyy"),
        ("JUANZONG_MODE", "prod"),
        ("JUANZONG_DATABASE_URL", "oracle://x"),
        ("JUANZONG_OBJECT_STORE", "ftp://x"),
        ("JUANZONG_SEARCH", "solr://x"),
        ("JUANZONG_PORT", "http"),
        ("JUANZONG_PORT", "0"),
        ("JUANZONG_WEB_PROCESSES", "-1"),
        ("JUANZONG_PORT", "99999"),
        ("JUANZONG_DATABASE_URL", "postgresql://u:geheim@h:abc/d"),
        ("JUANZONG_DATABASE_URL", "postgresql://u:geheim@h:99999/d"),
        ("JUANZONG_DATABASE_URL", "sqlite://"),
        ("JUANZONG_DATABASE_URL", "sqlite://geheim/x.db"),
        ("JUANZONG_OBJECT_STORE", "s3+http://u:geheim@h:xx/bucket"),
        ("JUANZONG_SEARCH", "http://u:geheim@h:xx"),
        ("JUANZONG_SEARCH", "http://u:geheim@h:70000"),
        ("JUANZONG_SEARCH", "http:///x"),
        ("JUANZONG_SEARCH", "http://u:geheim@[h"),
        ("JUANZONG_CONTRACT_TEMPLATE", "{foo}"),
        ("JUANZONG_CONTRACT_TEMPLATE", "HT-{department}-{year}"),
        ("JUANZONG_MINOR_AMOUNT", "10000001"),
        ("JUANZONG_MAJOR_AMOUNT", "49999"),
        ("JUANZONG_MAX_PAGES", "-1"),
        ("JUANZONG_ROLL_OVER", "maybe"),
        ("JUANZONG_HOLIDAYS", "/nonexistent.txt"),
        ("JUANZONG_CONFIG", "/nonexistent.toml"),
        ("JUANZONG_TODAY", "2026-01-01"),
        ("JUANZONG_SESSION_IDLE_MINUTES", "0"),
        ("JUANZONG_OIDC_ISSUER", "http://id.example.com"),
        ("JUANZONG_OIDC_ISSUER", "https://id.example.com/?realm=x"),
        ("JUANZONG_OIDC_ISSUER", "id.example.com"),
        ("JUANZONG_PROXIES", "-1"),
        ("JUANZONG_API_PER_MINUTE", "-1"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, name, value):
    with pytest.raises(BadSetting, match=name) as caught:
        load({"JUANZONG_HOME": str(tmp_path), name: value})
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUANZONG_DATABASE_URL", "postgresql+psycopg://u:p/w%40@h:5432/d"),
        ("JUANZONG_OBJECT_STORE", "s3+https://u:p@[::1]:9000/bucket"),
        ("JUANZONG_SEARCH", "https://es.example"),
        ("JUANZONG_CONTRACT_TEMPLATE", "合同〔{year}〕{department}-{serial}"),
        ("JUANZONG_PORT", "65535"),
    ],
)
def test_a_right_setting_is_taken(tmp_path, name, value):
    settings = load({"JUANZONG_HOME": str(tmp_path), name: value})
    assert str(getattr(settings, name.removeprefix("JUANZONG_").lower())) == value


def test_the_calendar_moves_only_in_test_or_demo(tmp_path):
    env = {"JUANZONG_HOME": str(tmp_path), "JUANZONG_TODAY": "2030-02-28"}
    assert load({**env, "JUANZONG_MODE": "demo"}).today == date(2030, 2, 28)
    with pytest.raises(BadSetting, match="JUANZONG_TODAY"):
        load({**env, "JUANZONG_MODE": "test", "JUANZONG_TODAY": "2030-02-30"})


def test_a_file_gives_values_and_the_environment_wins(tmp_path):
    file = tmp_path / "juanzong.toml"
    file.write_text('port = 9000\nour_companies = ["甲公司", "乙公司"]\n', encoding="utf-8")
    env = {"JUANZONG_HOME": str(tmp_path), "JUANZONG_CONFIG": str(file)}
    assert load(env).port == 9000
    assert load(env).our_companies == ("甲公司", "乙公司")
    assert load({**env, "JUANZONG_PORT": "9001", "JUANZONG_OUR_COMPANIES": "丙公司"}).port == 9001


def test_secrets_are_not_shown():
    shown = repr(load({"JUANZONG_HOME": "/x", "JUANZONG_OBJECT_STORE": "s3+http://KEY:SECRET@host:1/bucket"}))
    assert "SECRET" not in shown


def test_a_misspelt_setting_stops_the_program(tmp_path):
    with pytest.raises(BadSetting, match=r"JUANZONG_WAITING_DAY is no setting.*JUANZONG_WAITING_DAYS meant"):
        load({"JUANZONG_HOME": str(tmp_path), "JUANZONG_WAITING_DAY": "30"})
    file = tmp_path / "settings.toml"
    file.write_text("wating_days = 30\n")
    with pytest.raises(BadSetting, match="WATING_DAYS is no setting"):
        load({"JUANZONG_HOME": str(tmp_path), "JUANZONG_CONFIG": str(file)})


def test_the_companys_sign_in_is_set_up_whole_or_not_at_all(tmp_path):
    whole = {"JUANZONG_OIDC_ISSUER": "https://id.example.com/realms/company", "JUANZONG_OIDC_CLIENT_ID": "juanzong"}
    settings = load({"JUANZONG_HOME": str(tmp_path), **whole})
    assert (settings.oidc_issuer, settings.oidc_client_id) == tuple(whole.values())
    assert settings.oidc_client_secret_file is None
    with pytest.raises(BadSetting, match="JUANZONG_OIDC_CLIENT_ID"):
        load({"JUANZONG_HOME": str(tmp_path), "JUANZONG_OIDC_ISSUER": "https://id.example.com"})
    for name in ("CLIENT_ID", "CLIENT_SECRET_FILE", "NAME"):
        with pytest.raises(BadSetting, match="JUANZONG_OIDC_ISSUER"):
            load({"JUANZONG_HOME": str(tmp_path), f"JUANZONG_OIDC_{name}": "x"})
    local = {"JUANZONG_MODE": "test", "JUANZONG_OIDC_ISSUER": "http://127.0.0.1:9", "JUANZONG_OIDC_CLIENT_ID": "x"}
    assert load({"JUANZONG_HOME": str(tmp_path), **local}).oidc_issuer == "http://127.0.0.1:9"


def test_roles_that_must_have_a_second_factor(tmp_path):
    env = {"JUANZONG_HOME": str(tmp_path), "JUANZONG_SECOND_FACTOR_ROLES": "administrator, auditor"}
    assert load(env).second_factor_roles == ("administrator", "auditor")
    assert load({"JUANZONG_HOME": str(tmp_path)}).second_factor_roles == ()


def test_who_is_told_later_has_no_earlier_day(tmp_path):
    env = {"JUANZONG_HOME": str(tmp_path), "JUANZONG_TRANSFER_HEAD_DAYS": "10"}
    with pytest.raises(BadSetting, match=r"JUANZONG_TRANSFER_ADMINISTRATOR_DAYS.*must be 10 or more, not 7"):
        load(env)
    later = {"JUANZONG_TRANSFER_ADMINISTRATOR_DAYS": "10", "JUANZONG_TRANSFER_AUDITOR_DAYS": "20"}
    found = load(env | later)
    assert (found.transfer_head_days, found.transfer_administrator_days, found.transfer_auditor_days) == (10, 10, 20)


def test_the_notices_of_holidays_are_read_at_start_up_and_counted_by(embedded, tmp_path):
    path = tmp_path / "holidays.txt"
    env = embedded.env | {"JUANZONG_HOLIDAYS": str(path)}
    path.write_text("2066-01-01 rest\n2066-01-01 work\n")
    with pytest.raises(BadSetting, match=r"JUANZONG_HOLIDAYS.*in line 2: 2066-01-01 is named twice"):
        load(env)
    path.write_text("2066-01-01 休  # 元旦\n", "utf-8")
    house = build(load(env))
    assert not house.calendar.is_workday(date(2066, 1, 1))
    assert embedded.house.calendar.is_workday(date(2066, 1, 1))
    house.database.dispose()
