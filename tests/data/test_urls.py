"""Names of files that are elsewhere: what of them is told."""

import pytest

from gradcalc.data.urls import parsed, shown

SECRET = "SE/CR+ETkey"


@pytest.mark.parametrize(
    ("name", "told", "last"),
    [
        ("s3://bucket/a/b.csv", "s3://bucket/a/b.csv", "b.csv"),
        (f"s3://AKID:{SECRET}@bucket/a@b.csv", "s3://bucket/a@b.csv", "a@b.csv"),
        ("s3://AKID:SE%2FCR+ETkey@bucket/x.csv?region=eu-west-1&session_token=SE/CR+ETkey", "s3://bucket/x.csv", "x.csv"),
        ("S3://bucket/my%20file.csv", "s3://bucket/my%20file.csv", "my file.csv"),
        ("abfs://container@account.dfs.core.windows.net/x.csv", "abfs://container@account.dfs.core.windows.net/x.csv", "x.csv"),
        (f"abfs://account:{SECRET}@127.0.0.1:10000/container/x.csv", "abfs://127.0.0.1:10000/container/x.csv", "x.csv"),
        (f"https://me:{SECRET}@host:8443/b.csv?X-Amz-Signature={SECRET}#top", "https://host:8443/b.csv", "b.csv"),
        ("https://host", "https://host", ""),
        ("gs://anonymous@bucket/x.csv", "gs://bucket/x.csv", "x.csv"),
    ],
)  # fmt: skip
def test_a_name_is_told_without_its_secrets(name: str, told: str, last: str) -> None:
    url = parsed(name)
    assert url
    assert (shown(name), str(url), url.name) == (told, told, last)
    said = url.redacted(f"cannot parse {name}" + (f": {SECRET} is wrong" if "CR+ET" in name else ""))
    assert "CR+ET" not in said


@pytest.mark.parametrize("name", ["x.csv", "/a/b://c.csv", "C://x.csv", "-", "", "://x", "s3:/bucket/x.csv"])
def test_a_file_of_this_machine_is_no_url(name: str) -> None:
    assert parsed(name) is None
    assert shown(name) == name


def test_secrets_of_the_environment_are_left_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "fromtheenvironment")
    url = parsed("s3://bucket/x.csv")
    assert url
    assert url.redacted("signed with fromtheenvironment") == "signed with …"
