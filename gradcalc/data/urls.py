"""Names of files that are elsewhere: `https://host/x.csv`, `s3://bucket/key`. What of them may be told, what is secret.

Imports errors.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
WEB = ("https", "http")
"""The beginnings of what the web gives."""
_PLAIN = frozenset(("region", "scheme", "endpoint_override"))
"""Words of a query that are no secret, nor is what they say."""
_LEAST = 4
"""Letters of a secret that is looked for in the texts of others, at least."""


@dataclass(frozen=True)
class Url:
    """The parts of a name; `user` and `query` may hold secrets, and are as they were typed."""

    scheme: str
    user: str
    host: str
    path: str
    query: str

    def __str__(self) -> str:
        """What may be told: without the user, but for the container of Azure, and without the query."""
        container = f"{self.user}@" if self.scheme.startswith("abfs") and ":" not in self.user and self.user else ""
        return f"{self.scheme}://{container}{self.host}{self.path}"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return unquote(self.path.rpartition("/")[2])

    def options(self) -> dict[str, str]:
        """What the query says."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def secrets(self) -> Iterable[str]:
        """The texts that no message may hold."""
        yield from (self.user, self.user.partition(":")[2], unquote(self.user.partition(":")[2]), self.query)
        yield from (value for name, value in self.options().items() if name not in _PLAIN)
        yield from (os.environ.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))

    def redacted(self, text: str) -> str:
        """A text of a library without the secrets."""
        for secret in sorted(filter(None, self.secrets()), key=len, reverse=True):
            text = text.replace(secret, "…") if len(secret) >= _LEAST else text
        return text


def parsed(name: str) -> Url | None:
    """The parts of a name; None where it is one of a file of this machine.

    A user whose password holds a slash, as the keys of Amazon do, ends at the next @ all the same.
    """
    found = _URL.match(name)
    if not found:
        return None
    rest, _, query = name[found.end() :].partition("?")
    authority = rest.partition("/")[0]
    known, port = "@" in authority, authority.partition(":")[2]
    end = rest.rfind("@") if found[1].lower() in WEB else rest.find("@")
    cut = len(authority.rpartition("@")[0]) if known else end if port and not port.isdecimal() else -1
    user, rest = (rest[:cut], rest[cut + 1 :]) if cut >= 0 else ("", rest)
    host, slash, path = rest.partition("/")
    return Url(found[1].lower(), user, host, slash + path.partition("#")[0], query.partition("#")[0])


def shown(name: str) -> str:
    """A name as it may be told."""
    url = parsed(name)
    return str(url) if url else name
