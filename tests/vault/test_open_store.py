"""Addresses of object stores."""

import subprocess
import sys

import pytest

from vault.adapters import open_store
from vault.adapters.filesystem import FilesystemStore


def test_a_directory(tmp_path):
    assert isinstance(open_store(f"file://{tmp_path}/my%20objects"), FilesystemStore)
    assert (tmp_path / "my objects").is_dir()


@pytest.mark.parametrize(
    "url",
    [
        "s3+http://key:hush@127.0.0.1:9000/bucket",
        "s3+https://key:hush@s3.example.com/bucket?region=eu-central-1",
        "s3+http://key:hu%2Fsh%40@[::1]:9000/bucket",
    ],
)
def test_a_bucket_is_not_contacted_yet(url):
    assert "hush" not in repr(open_store(url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hush",
        "/srv/objects",
        "file:objects",
        "file://host/objects",
        "http://key:hush@host/bucket",
        "s3+http://host/bucket",
        "s3+http://key@host/bucket",
        "s3+http://key:hush@host",
        "s3+http://key:hush@host/",
        "s3+http://key:hush@host/a/b",
        "s3+http://key:hush@host:port/bucket",
        "s3+http://key:hush@host:99999/bucket",
        "s3+http://key:hush@host/bucket?color=red",
        "s3+http://key:hush@[host/bucket",
        "s3+http://key:hush@host/A",
        "s3+http://key:hush@host/b?region=",
    ],
)
def test_wrong_addresses_are_refused_without_showing_a_secret(url):
    with pytest.raises(ValueError, match="object store") as caught:
        open_store(url)
    error = caught.value
    while error is not None:
        assert "hush" not in str(error)
        error = error.__cause__


def test_a_directory_loads_no_s3_client(tmp_path):
    program = f"import sys, vault.vault, vault.adapters as a; a.open_store('file://{tmp_path}/o'); print('minio' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"
