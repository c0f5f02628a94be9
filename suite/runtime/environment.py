"""The environment of Suite's processes: what the operator gave, completed by what this copy keeps."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass

from suite.runtime.folders import Folders
from suite.runtime.kept import Ports, Secrets
from suite.runtime.node import node_folder
from suite.runtime.postgres import APPLICATION, OWNER, Postgres
from suite.runtime.refusal import Refusal
from suite.runtime.valkey import Valkey

# Where Suite's pages answer the provider: suite/config/urls.py.
SIGN_IN_CALLBACK = "/oidc/callback/"
SIGNED_OUT = "/sign-in/?signed_out=1"
BACK_CHANNEL_SIGN_OUT = "/oidc/back-channel-logout/"
NEEDED_IN_PRODUCTION = ("SECRET_KEY", "PUBLIC_URL", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
# A process that speaks no Django receives these of ours and no secret of another's.
PLAIN = frozenset(
    {
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "TZ",
        "TMPDIR",
        "PYTHONUNBUFFERED",
        "PYTHONPATH",
        "LOG_LEVEL",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    }
)
MEDIA = frozenset(
    {
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
        "LIVEKIT_WEBHOOK_URLS",
        "LIVEKIT_API_URL",
        "RTC_WORKER_SOCKETS",
        "RTC_EGRESS_SOCKET",
    }
    | {"RTC_EGRESS_ROOT", "MEDIA_ADDRESS", "MEDIA_UDP_PORT", "MEDIA_TCP_PORT", "VALKEY_URL", "VALKEY_PREFIX"}
    | {"TURN_URLS", "TURN_SECRET", "TURN_TTL", "RTC_ROOMS"}
)
PROVIDER = frozenset(
    {
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "OIDC_REDIRECT_URIS",
        "OIDC_SIGNED_OUT_URIS",
        "OIDC_BACK_CHANNEL_URI",
    }
    | {"PROVIDER_KEYS", "SUITE_MODE", "NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA"}
)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`shared` for the processes, `owner` for what changes the database's tables; and which parts are embedded."""

    shared: Mapping[str, str]
    owner: Mapping[str, str]
    has_postgres: bool
    has_valkey: bool
    has_media: bool
    has_provider: bool
    speech: bool

    def only(self, names: frozenset[str]) -> dict[str, str]:
        """What a process without Django receives."""
        return {name: value for name, value in self.shared.items() if name in names | PLAIN}


def environment_of(
    *, folders: Folders, secrets: Secrets, ports: Ports, given: Mapping[str, str], speech: bool, workers: int
) -> Environment:
    """Complete what the operator has `given`; raises `Refusal` where production lacks a variable."""
    mode = given.get("SUITE_MODE") or "demonstration"
    missing = [name for name in NEEDED_IN_PRODUCTION if not given.get(name)]
    if mode == "production" and missing:
        raise Refusal(f"SUITE_MODE=production also needs {', '.join(missing)} in the environment.")
    postgres = Postgres(folders=folders, secrets=secrets)
    public_url = given.get("PUBLIC_URL") or f"http://localhost:{ports.web}"
    sockets = [str(folders.sockets / f"rtc-{number}.sock") for number in range(workers)]
    has_media = not given.get("LIVEKIT_URL")
    ours = {
        "SUITE_MODE": mode,
        "DJANGO_SETTINGS_MODULE": "suite.config.settings",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": secrets.secret_key,
        "PUBLIC_URL": public_url,
        "DATABASE_URL": postgres.url(role=APPLICATION),
        "VALKEY_URL": Valkey(folders=folders).url,
        "FILES_ROOT": str(folders.var / "files"),
        "MAIL_ROOT": str(folders.var / "mail"),
        "AUDIT_WITNESS_ROOT": str(folders.var / "witness"),
        "SPEECH_MODELS_ROOT": str(folders.var / "models"),
        "SPEECH": "1" if speech else "0",
        "LIVEKIT_URL": public_url.replace("http", "ws", 1),
        "LIVEKIT_API_URL": f"http://localhost:{ports.web}",
        "LIVEKIT_API_KEY": "suite",
        "LIVEKIT_API_SECRET": secrets.livekit_secret,
        "LIVEKIT_WEBHOOK_URLS": f"http://localhost:{ports.web}/webhooks/livekit/",
        "RTC_WORKER_SOCKETS": ",".join(sockets) if has_media else "",
        "RTC_EGRESS_SOCKET": str(folders.sockets / "egress.sock") if has_media else "",
        "RTC_EGRESS_ROOT": str(folders.var / "egress"),
        "MEDIA_ADDRESS": "127.0.0.1",
        "MEDIA_UDP_PORT": str(ports.media),
        "OIDC_ISSUER": f"http://localhost:{ports.provider}",
        "OIDC_CLIENT_ID": "suite",
        "OIDC_CLIENT_SECRET": secrets.oidc_client_secret,
        "OIDC_REDIRECT_URIS": public_url + SIGN_IN_CALLBACK,
        "OIDC_SIGNED_OUT_URIS": f"{public_url}/,{public_url}{SIGNED_OUT}",
        "OIDC_BACK_CHANNEL_URI": public_url + BACK_CHANNEL_SIGN_OUT,
        "OIDC_DEMONSTRATION_PROVIDER": "1" if mode == "demonstration" and not given.get("OIDC_ISSUER") else "0",
        "PROVIDER_KEYS": str(folders.var / "provider-keys.json"),
    }
    shared = ours | {name: value for name, value in given.items() if value}
    shared["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), str(node_folder()), given.get("PATH", "/usr/bin:/bin")])
    owner_url = given.get("DATABASE_OWNER_URL") or given.get("DATABASE_URL") or postgres.url(role=OWNER)
    shared.pop("DATABASE_OWNER_URL", None)
    return Environment(
        shared=shared,
        owner={**shared, "DATABASE_URL": owner_url, "DATABASE_OWNER_URL": owner_url},
        has_postgres=not given.get("DATABASE_URL"),
        has_valkey=not given.get("VALKEY_URL"),
        has_media=has_media,
        has_provider=shared["OIDC_DEMONSTRATION_PROVIDER"] == "1",
        speech=speech,
    )
