"""What an installation decides: read from environment variables, with defaults that work on a laptop.

ZHIKE_HOME          folder of everything Zhike keeps: database, lakes, uploads (default: ./zhike-data)
ZHIKE_DATABASE_URL  postgres://user:password@host/name (default: an SQLite file in ZHIKE_HOME)
ZHIKE_URL           the address people type, such as https://crm.example.com (default: http://127.0.0.1:8000)
ZHIKE_SECRET_KEY    signs sessions and links (default: made once and kept in ZHIKE_HOME/secret)
ZHIKE_EMAIL_URL     smtp://user:password@host:587/?tls=true (default: mails are written to ZHIKE_HOME/outbox)
ZHIKE_DEBUG         1 shows tracebacks; never on a server others reach
ZHIKE_UPLOAD_MB     the largest file that may be uploaded, in megabytes (default: 2048)
ZHIKE_QUERY_HOSTS   servers whose databases may be asked for rows, such as db.example.com,10.0.0.5 (default: none)
ZHIKE_API_PER_MINUTE  requests a minute that one access token may make (default: 6000)
ZHIKE_SIGNUP        open: anybody may make an account; invited (default): only the first person, and who is invited
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url


def home() -> Path:
    folder = Path(os.environ.get("ZHIKE_HOME", "zhike-data")).expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def address() -> str:
    return os.environ.get("ZHIKE_URL", "http://127.0.0.1:8000").rstrip("/")


def flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def megabytes(name: str, otherwise: int) -> int:
    """A size, in bytes."""
    return int(float(os.environ.get(name) or otherwise) * 1024 * 1024)


def count(name: str, otherwise: int) -> int:
    """A number of things; 1 at least."""
    return max(1, int(os.environ.get(name) or otherwise))


def names(name: str) -> list[str]:
    """Names separated by commas."""
    return [one.strip().lower() for one in os.environ.get(name, "").split(",") if one.strip()]


def folder(path: Path) -> Path:
    """A folder that only this installation reads."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def secret_key(folder: Path) -> str:
    """The installation's key. Made once; `O_EXCL` lets only one of several starting processes make it."""
    if given := os.environ.get("ZHIKE_SECRET_KEY"):
        return given
    file = folder / "secret"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    with os.fdopen(descriptor, "w") as opened:
        opened.write(key := secrets.token_urlsafe(50))
    return key


def database(folder: Path) -> dict[str, Any]:
    """Django's database settings. One transaction a request is not used: actions say themselves what is atomic."""
    if url := os.environ.get("ZHIKE_DATABASE_URL"):
        return dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    return {
        "ENGINE": "zhike_crm.config.sqlite",
        "NAME": folder / "zhike.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A writer that begins by reading would fail at once when another one is quicker; IMMEDIATE waits.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; "
                "PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864"
            ),
        },
        "TEST": {"NAME": folder / "test.sqlite3"},
    }


def email(folder: Path) -> dict[str, Any]:
    """Django's e-mail settings."""
    url = os.environ.get("ZHIKE_EMAIL_URL")
    if not url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(folder / "outbox"),
        }
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": asked.get("tls", ["false"])[0] == "true",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }
