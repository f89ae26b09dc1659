"""What is shipped: the package names, the locked dependencies, the image and the server set-up."""

import os
import re
import subprocess
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
import yaml

from tests.conftest import LONG

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("intake", "vault", "search", "retention", "credit", "service")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ENVIRONMENT_EXAMPLE = ROOT / "compose.env.example"


def _normal(name: str) -> str:
    """Return a distribution name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return _normal(match[0])


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_s_name_belongs_to_this_project_alone(room: str) -> None:
    assert set(packages_distributions()[room]) == {"juanzong"}


def test_every_room_is_packaged_and_nothing_else() -> None:
    ours = {name for name, owners in packages_distributions().items() if "juanzong" in owners}
    assert {name for name in ours if not name.startswith("_")} == set(ROOMS)


def test_the_project_cannot_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


def _locked() -> dict[str, tuple[str, list[str]]]:
    """Return what requirements.lock pins: name to (version, hashes)."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    entries: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"([A-Za-z0-9._-]+)==(\S+)", line)
        assert match, f"not pinned to one version: {line[:80]}"
        entries[_normal(match[1])] = (match[2], re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))
    return entries


def test_every_locked_package_has_hashes() -> None:
    locked = _locked()
    assert len(locked) > len(PROJECT["project"]["dependencies"])
    assert [name for name, (_, hashes) in locked.items() if not hashes] == []


def test_the_lock_covers_every_dependency() -> None:
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    assert {_name_of(requirement) for requirement in wanted} - _locked().keys() == set()


def test_the_image_is_pinned_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases), bases
    assert "--require-hashes" in text
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER juanzong$", last, re.MULTILINE)
    assert set(re.findall(r"^COPY (\w+) \1$", text, re.MULTILINE)) == set(ROOMS)
    listed = set((ROOT / ".dockerignore").read_text().split())
    assert {"*"} | {f"!{room}" for room in ROOMS} <= listed


def _config(compose: list[str], secrets: dict[str, str], nothing: Path) -> subprocess.CompletedProcess[str]:
    nothing.touch()  # an .env in the work tree must not help
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [*compose, "--env-file", str(nothing), "-f", str(ROOT / "docker-compose.yml"), "config"]
    return subprocess.run(command, env=clean | secrets, capture_output=True, text=True, check=False, cwd=ROOT)


def _secrets() -> dict[str, str]:
    names = re.findall(r"^([A-Z0-9_]+)=$", ENVIRONMENT_EXAMPLE.read_text(), re.MULTILINE)
    assert len(names) >= 5
    return {name: f"/given-{number}" for number, name in enumerate(names)}


def test_the_server_set_up_is_sound_with_its_secrets(docker_compose: list[str], tmp_path: Path) -> None:
    answer = _config(docker_compose, _secrets(), tmp_path / "env")
    assert answer.returncode == 0, answer.stderr
    images = re.findall(r"image: (\S+)", answer.stdout)
    assert len(images) >= 4
    assert all(re.search(r":v?\d+\.\d+", image) for image in images), images


def test_the_server_set_up_looks_after_its_parts_and_opens_one_port_to_this_machine(
    docker_compose: list[str], tmp_path: Path
) -> None:
    found = yaml.safe_load(_config(docker_compose, _secrets(), tmp_path / "env").stdout)
    services, networks = found["services"], found["networks"]
    assert {name for name, one in services.items() if "healthcheck" not in one} <= {"app"}
    assert re.search(r"^HEALTHCHECK ", (ROOT / "Dockerfile").read_text(), re.MULTILINE)  # that of `app`
    assert networks["inner"]["internal"] is True
    assert {name: set(one["networks"]) for name, one in services.items() if set(one["networks"]) != {"inner"}} == {
        "app": {"inner", "outer"}
    }
    assert {name for name, one in services.items() if one.get("ports")} == {"app"}
    assert "127.0.0.1" in str(services["app"]["ports"])
    waits = services["app"]["depends_on"]
    assert {name for name, one in waits.items() if one["condition"] == "service_healthy"} == set(services) - {
        "app",
        "worker",
    }


def test_no_secret_of_the_server_set_up_has_a_default() -> None:
    given = re.findall(r"\$\{(\w+):-", (ROOT / "docker-compose.yml").read_text())
    assert not [name for name in given if re.search(r"PASSWORD|SECRET|KEY|TOKEN", name)]
    assert set(_secrets()) == set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))


@pytest.mark.parametrize("name", sorted(_secrets()))
@pytest.mark.parametrize("value", [None, ""])
def test_the_server_set_up_is_refused_without_a_secret(
    docker_compose: list[str], tmp_path: Path, name: str, value: str | None
) -> None:
    secrets = _secrets()
    del secrets[name]
    given = secrets if value is None else secrets | {name: value}
    answer = _config(docker_compose, given, tmp_path / "env")
    assert answer.returncode != 0
    assert f"set {name} in .env" in answer.stderr


GUIDE = (ROOT / "docs" / "administrator.md").read_text(encoding="utf-8")


def test_the_guide_names_every_setting_and_no_other() -> None:
    from dataclasses import fields

    from service.settings import Settings

    names = [f"JUANZONG_{field.name.upper()}" for field in fields(Settings)] + ["JUANZONG_CONFIG"]
    assert sorted(re.findall(r"^\| `(JUANZONG_\w+)`", GUIDE, re.MULTILINE)) == sorted(names)  # each once


def test_the_guide_gives_the_defaults_of_the_code(tmp_path: Path) -> None:
    from service.settings import load

    settings = load({"JUANZONG_HOME": str(tmp_path)})
    rows = dict(re.findall(r"^\| `JUANZONG_(\w+)` \| `([^`]*)` \|", GUIDE, re.MULTILINE))
    assert len(rows) > 15
    assert Path(rows.pop("HOME")).absolute() == load({}).home
    for name, written in rows.items():
        value = getattr(settings, name.lower())
        said = str(value).lower() if isinstance(value, bool) else str(value)
        assert said == written.replace("HOME", str(tmp_path)), name


def test_the_guide_calls_only_commands_that_exist() -> None:
    from service.cli import COMMANDS

    called = set(re.findall(r"(?:^|`|/|app )juanzong ([a-z]+)", GUIDE, re.MULTILINE))
    assert {"init", "serve", "worker", "doctor", "fixity", "reindex"} <= called
    assert called - COMMANDS.keys() == set()


def test_the_pages_that_lead_to_others_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "docs" / "README.md"):
        links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name


def test_the_tests_that_are_begun_first_are_there() -> None:
    assert [name for name in LONG if not (ROOT / name).is_file()] == []


def test_no_package_is_under_the_gpl_or_agpl() -> None:
    seen = 0
    for package in distributions():
        about = package.metadata
        says = [about.get("License-Expression") or "", (about.get("License") or "")[:200]]
        says += [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
        text = " ".join(says)
        bound = re.search(r"(?<![A-Z])A?GPL|(?<!Lesser )General Public License", text)
        assert not bound or re.search(r"\bOR\b", says[0]), f"{about['Name']}: {text}"
        seen += bool(text.strip())
    assert seen > 100


def test_the_help_says_of_each_command_what_the_command_says() -> None:
    import click

    from service.cli import COMMANDS, juanzong

    context = click.Context(juanzong)
    for name, (_module, what) in COMMANDS.items():
        command = juanzong.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == what
    assert all(name in juanzong.get_help(context) for name in COMMANDS)
