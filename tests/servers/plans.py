"""How each server is started: loopback only, a free port, random credentials, its own directory."""

import grp
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.servers import programs


@dataclass(frozen=True)
class Plan:
    """One server about to be started. `user` is the account it runs as, None for our own."""

    argv: list[str]
    url: str = field(repr=False)
    healthy: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    seconds_to_start: float = 180.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    """Return whether `url` answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _unprivileged() -> str | None:
    """Return the account for servers that refuse to run as root: None when we are not root."""
    return "nobody" if os.geteuid() == 0 else None


def _give(directory: Path, user: str | None) -> None:
    """Make `directory` and everything in it the property of `user`."""
    if user is None:
        return
    account = pwd.getpwnam(user)
    for path in (directory, *directory.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


class Account(TypedDict):
    """The words by which `subprocess` runs a program as somebody else."""

    user: int | None
    group: int | None
    extra_groups: list[str | int] | None


def account_of(user: str | None) -> Account:
    """Return the account named `user`, without any other groups; None is our own."""
    if user is None:
        return {"user": None, "group": None, "extra_groups": None}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def postgres(directory: Path) -> Plan:
    """Return a PostgreSQL on a fresh private cluster; its url names the administrator's database."""
    binaries = programs.postgres_dir()
    user, password, port = _unprivileged(), secrets.token_hex(16), _free_port()
    data = directory / "data"
    data.mkdir(mode=0o700)
    word = directory / "password"
    word.touch(mode=0o600)
    word.write_text(password)
    _give(directory, user)
    subprocess.run(
        [
            binaries / "initdb", "-D", data, "-U", "juanzong", "-A", "scram-sha-256", "--pwfile", word,
            "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync",
        ],
        cwd=directory, check=True, stdout=subprocess.DEVNULL, **account_of(user),
    )  # fmt: skip
    address = f"127.0.0.1:{port}/postgres"

    def healthy() -> bool:
        try:
            with psycopg.connect(f"postgresql://juanzong:{password}@{address}", connect_timeout=5) as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    # A test database need not survive a power cut: without the waits for the disk the suite is several times faster.
    options = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off",
        "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200",
    }  # fmt: skip
    argv = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in options.items():
        argv += ["-c", f"{name}={value}"]
    url = f"postgresql+psycopg://juanzong:{password}@{address}"
    return Plan(argv, url, healthy, user=user, stop_signal=signal.SIGINT)  # SIGINT: stop without waiting for clients


def minio(directory: Path) -> Plan:
    """Return a MinIO without any bucket."""
    program, port = programs.minio(), _free_port()
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    data = directory / "data"
    data.mkdir()
    environment = {
        "MINIO_ROOT_USER": key, "MINIO_ROOT_PASSWORD": secret, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
    }  # fmt: skip
    return Plan(
        [str(program), "server", str(data), "--address", f"127.0.0.1:{port}", "--quiet"],
        f"s3+http://{key}:{secret}@127.0.0.1:{port}",
        lambda: _answers(f"http://127.0.0.1:{port}/minio/health/ready"),
        environment,
    )


def versity(directory: Path) -> Plan:
    """Return a Versity S3 Gateway on a versioned directory, without any bucket."""
    program, port = programs.versity(), _free_port()
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    data, versions = directory / "data", directory / "versions"
    data.mkdir()
    versions.mkdir()
    return Plan(
        [
            str(program),
            "--port",
            f"127.0.0.1:{port}",
            "--health",
            "/health",
            "--quiet",
            "posix",
            "--versioning-dir",
            str(versions),
            str(data),
        ],
        f"s3+http://{key}:{secret}@127.0.0.1:{port}",
        lambda: _answers(f"http://127.0.0.1:{port}/health"),
        {"ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret},
    )


def _unpack(archive: Path, target: Path) -> Path:
    """Unpack a zip with its file modes, which `extractall` loses; return the one directory in it."""
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            path = Path(packed.extract(member, target))
            mode = member.external_attr >> 16 & 0o777
            if mode and path.is_file():
                path.chmod(mode)
    (top,) = target.iterdir()
    return top


def elasticsearch(directory: Path) -> Plan:
    """Return a one-node Elasticsearch without any index."""
    archive, java = programs.elasticsearch_zip(), programs.java_home()
    user, port = _unprivileged(), _free_port()
    home = _unpack(archive, directory / "program")
    if user and java.is_relative_to(Path.home()):
        java = Path(shutil.copytree(java, directory / "java", symlinks=True))  # root's home is closed to others
    temporary = directory / "tmp"
    temporary.mkdir()
    settings = {
        "cluster.name": f"juanzong-test-{secrets.token_hex(4)}", "discovery.type": "single-node",
        "http.host": "127.0.0.1", "http.port": port, "transport.host": "127.0.0.1", "transport.port": _free_port(),
        "path.data": directory / "data", "path.logs": directory / "logs", "xpack.security.enabled": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        "cluster.info.update.interval": "10s",  # the least: a test that lets a disk be full waits for the server to look
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
    (home / "config" / "elasticsearch.yml").write_text(lines)
    # A Java trimmed to its common modules lacks this one; without it Lucene computes vectors in plain code.
    options = home / "config" / "jvm.options"
    options.write_text(options.read_text().replace("20-:--add-modules=jdk.incubator.vector\n", ""))
    _give(directory, user)
    # Nothing is compiled a second time, faster: it would start with 24 seconds of a processor instead of 14, and most tests end
    # before that pays off.
    options_of_java = "-Xms512m -Xmx1g -XX:TieredStopAtLevel=1"
    environment = {
        "ES_JAVA_HOME": str(java), "ES_JAVA_OPTS": options_of_java, "ES_TMPDIR": str(temporary), "HOME": str(temporary),
    }  # fmt: skip
    return Plan(
        [str(home / "bin" / "elasticsearch")],
        f"http://127.0.0.1:{port}",
        lambda: _answers(f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=4s"),
        environment,
        user=user,
        seconds_to_start=300,
    )


def dovecot(directory: Path) -> Plan:
    """Return a Dovecot where every user exists, with one password; its url names both ports and the certificate.

    ``imap://:PASSWORD@127.0.0.1:PORT?tls=PORT&ca=FILE``
    """
    program, user = programs.dovecot(), _unprivileged()
    account = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
    group = grp.getgrgid(account.pw_gid).gr_name
    password, port, tls_port = secrets.token_hex(16), _free_port(), _free_port()
    certificate = _certificate(directory)
    settings = f"""
        base_dir = {directory}/run
        state_dir = {directory}/state
        log_path = /dev/stderr
        protocols = imap
        listen = 127.0.0.1
        default_internal_user = {account.pw_name}
        default_internal_group = {group}
        default_login_user = {account.pw_name}
        first_valid_uid = 1
        first_valid_gid = 1
        mail_location = maildir:~/mail
        mail_fsync = never
        mail_max_userip_connections = 1000
        ssl = yes
        ssl_cert = <{certificate}
        ssl_key = <{directory}/key.pem
        disable_plaintext_auth = no
        auth_failure_delay = 0
        passdb {{
          driver = static
          args = password={password}
        }}
        userdb {{
          driver = static
          args = uid={account.pw_uid} gid={account.pw_gid} home={directory}/home/%u
        }}
        service anvil {{
          chroot =
        }}
        service imap-login {{
          chroot =
          inet_listener imap {{
            port = {port}
          }}
          inet_listener imaps {{
            port = {tls_port}
            ssl = yes
          }}
        }}
    """
    (directory / "dovecot.conf").write_text(settings)
    _give(directory, user)

    def healthy() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                return connection.recv(5) == b"* OK "
        except OSError:
            return False

    url = f"imap://:{password}@127.0.0.1:{port}?tls={tls_port}&ca={certificate}"
    return Plan([str(program), "-F", "-c", str(directory / "dovecot.conf")], url, healthy, user=user)


def _certificate(directory: Path) -> Path:
    """Make a key and a certificate for this machine, signed by itself; return the certificate, which all may read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    builder = builder.add_extension(names, critical=False)
    signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (directory / "key.pem").touch(mode=0o600)
    (directory / "key.pem").write_bytes(pem)
    (directory / "certificate.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    return directory / "certificate.pem"


PLANS: dict[str, Callable[[Path], Plan]] = {
    "postgres": postgres,
    "minio": minio,
    "versity": versity,
    "elasticsearch": elasticsearch,
    "dovecot": dovecot,
}
