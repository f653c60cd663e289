"""What many tests of data ask for."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from gradcalc.data import batches
from tests.data.s3 import Store


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of at most 64 rows, so that a small file has many."""
    monkeypatch.setattr(batches, "_MOST_ROWS", 64)
    monkeypatch.setattr(batches, "_LEAST_ROWS", 64)


@pytest.fixture(scope="session")
def store_process() -> Iterator[Store]:
    """A store, as long as tests want it."""
    for name in ("moto", "flask_cors"):
        if find_spec(name) is None:
            pytest.skip("moto's server is not installed: gradcalc[test] brings it")
    words = [sys.executable, "-m", "tests.data.s3"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin and process.stdout
        yield Store(int(process.stdout.readline()))
        process.stdin.close()


@pytest.fixture
def store(store_process: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store, whom the environment tells where it is."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    known = {"ACCESS_KEY_ID": "AKIDEXAMPLE", "SECRET_ACCESS_KEY": "topsecretkey", "EC2_METADATA_DISABLED": "true"}
    for name, value in {**known, "ENDPOINT_URL": f"http://{store_process.endpoint}"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    for name in store_process.names():
        store_process.files.delete_file(name)
    store_process.log()
    yield store_process
    store_process.fail()
