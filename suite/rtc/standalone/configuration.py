"""What a media server by itself is told: the file, the environment and the command line made one, over LiveKit's defaults."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from suite.rtc.standalone.reading import WrongConfiguration, document, file_text, names, settings, value
from suite.rtc.standalone.schema import Kind

DEV_KEY: Final = "devkey"
DEV_SECRET: Final = "secret"  # noqa: S105 -- LiveKit's own placeholder, known to everyone, and said so at the start
SHORT: Final = 32  # characters; a shorter secret is warned of, as LiveKit does
AUDIO: Final = ("pcmu", "pcma", "opus", "red")
VIDEO: Final = ("vp8", "h264", "vp9", "av1", "h265")
LIMITS: Final = {
    "max_metadata_size": "metadata_limit", "max_attributes_size": "attributes_limit", "max_room_name_length": "room_name_limit",
    "max_participant_identity_length": "identity_limit", "max_participant_name_length": "name_limit",
    "max_data_blob_key_length": "blob_key_limit", "max_data_blobs_size": "blobs_limit",
    "subscription_limit_video": "video_subscriptions", "subscription_limit_audio": "audio_subscriptions",
    "num_tracks": "track_limit", "bytes_per_sec": "byte_rate_limit",
}  # fmt: skip
OURS: Final = {
    "room.enable_full_room_in_webhooks": "full_room_in_webhooks", "enable_data_tracks": "data_tracks", "region": "region",
    "enable_participant_data_blob": "data_blobs", "rtc.datachannel_slow_threshold": "slow_reader",
}  # fmt: skip
LISTS: Final = {"bind_addresses": Kind.ADDRESSES, "webhook.urls": Kind.URLS}  # given as one text, with spaces between
TURN_PROTOCOLS: Final = frozenset({"", "udp", "tcp", "tls"})
ROOMS: Final = ("auto_create", "empty_timeout", "departure_timeout", "max_participants", "enable_remote_unmute")


@dataclass(frozen=True, slots=True)
class Configuration:
    """One server. Ports of 0 are chosen by the system; `rooms` overrides fields of the core's `Settings`."""

    keys: Mapping[str, str]
    port: int = 7880
    bind: tuple[str, ...] = ("",)
    media_host: str = ""
    node_ip: str = ""
    loopback: bool = False
    udp_ports: tuple[int, int] = (7882, 7882)
    tcp_port: int = 7881
    region: str = ""
    redis_url: str = ""
    webhook_urls: tuple[str, ...] = ()
    webhook_key: str = ""
    prometheus_port: int = 0
    prometheus_user: tuple[str, str] = ("", "")
    signal_limit: int = 2 << 20  # bytes; 0 for none
    body_limit: int = 10 << 20
    log_level: str = "info"
    rooms: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def signing(self) -> tuple[str, str]:
        """The key and secret that sign webhooks and refreshed tokens."""
        key = self.webhook_key or next(iter(self.keys))
        return key, self.keys[key]


def gather(*, text: str, given: Mapping[str, str], environment: Mapping[str, str]) -> Configuration:
    """The configuration of `text` (YAML), then `LIVEKIT_<KEY>` of the environment, then `given` (whole names to texts).

    Raises `WrongConfiguration` with a sentence that names the key.
    """
    found, unsupported = settings(document(text))
    for name, kind in names():
        said = given.get(name, environment.get("LIVEKIT_" + name.upper().replace(".", "_")))
        if said is not None:
            found[name] = value(name, kind, said)
    if unknown := sorted(set(given) - {name for name, _ in names()} - {"keys", *LISTS}):
        raise WrongConfiguration(f'unknown key "{unknown[0]}"')
    if "keys" in given:
        found["keys"] = value("keys", Kind.PAIRS, document(given["keys"]))
    for name, kind in LISTS.items():
        if name in given:
            found[name] = value(name, kind, given[name].split())
    return _configuration(found, unsupported)


def _configuration(found: Mapping[str, Any], unsupported: list[str]) -> Configuration:
    warnings = [f'"{name}" is a key of LiveKit\'s that this server does not support: it is ignored' for name in unsupported]
    dev = bool(found.get("development"))
    keys = _keys(found, dev=dev)
    short = [key for key, secret in keys.items() if len(secret) < SHORT and not dev]
    warnings += [f'the secret of the key "{key}" is shorter than {SHORT} characters' for key in short]
    webhook_key = found.get("webhook.api_key", "")
    if found.get("webhook.urls") and not webhook_key and len(keys) > 1:
        raise WrongConfiguration('"webhook.api_key" is required where there are several keys')
    if webhook_key and webhook_key not in keys:
        raise WrongConfiguration('"webhook.api_key" has to be one of the keys')
    user = (found.get("prometheus.username", ""), found.get("prometheus.password", ""))
    if any(user) and not all(user):
        raise WrongConfiguration('"prometheus.username" and "prometheus.password" are set together or not at all')
    placeholder = dev and "keys" not in found and "key_file" not in found
    bind = tuple(found.get("bind_addresses") or (("127.0.0.1", "::1") if placeholder else ("",)))
    return Configuration(
        keys=keys,
        port=found.get("port", 7880),
        bind=bind,
        node_ip=found.get("rtc.node_ip", ""),
        loopback=found.get("rtc.enable_loopback_candidate", False),
        udp_ports=found.get("rtc.udp_port", (7882, 7882)),
        # Where the system chooses the ports of UDP, several servers may run on one machine: no fixed one then.
        tcp_port=found.get("rtc.tcp_port", 7881 if found.get("rtc.udp_port", (7882, 7882))[0] else 0),
        region=found.get("region", ""),
        redis_url=_redis(found),
        webhook_urls=tuple(found.get("webhook.urls", ())),
        webhook_key=webhook_key,
        prometheus_port=found.get("prometheus.port", found.get("prometheus_port", 0)),
        prometheus_user=user,
        signal_limit=found.get("limit.signal_message_size_limit", 2 << 20),
        body_limit=found.get("limit.max_api_request_body_size", 10 << 20),
        log_level=found.get("logging.level", found.get("log_level", "debug" if dev else "info")),
        rooms=_rooms(found, warnings),
        warnings=tuple(warnings),
    )


def _keys(found: Mapping[str, Any], *, dev: bool) -> dict[str, str]:
    """The key file before the keys, LiveKit's placeholder where there is neither and it is for development."""
    keys = dict(found.get("keys", {}))
    if found.get("key_file"):
        path = Path(os.path.expandvars(found["key_file"])).expanduser()
        try:
            if path.stat().st_mode & stat.S_IRWXO:
                raise WrongConfiguration("key file others permissions must be set to 0")
            keys = value("key_file", Kind.PAIRS, document(file_text(path, '"key_file"')))
        except OSError as error:
            raise WrongConfiguration(f'"key_file" cannot be read: {error.strerror}') from error
    if not keys and dev:
        keys = {DEV_KEY: DEV_SECRET}
    if not keys:
        raise WrongConfiguration("one of key_file or keys must be provided")
    if not all(key and secret for key, secret in keys.items()):
        raise WrongConfiguration('"keys" has an empty key or secret')
    return keys


def _redis(found: Mapping[str, Any]) -> str:
    address = found.get("redis.address", "")
    if not address:
        return ""
    try:
        parts = urlsplit(address if "://" in address else f"redis://{address}")
        usable = parts.port != 0 and (parts.hostname if parts.scheme in {"redis", "rediss"} else parts.scheme == "unix")
    except ValueError:
        usable = False
    if not usable:
        raise WrongConfiguration('"redis.address" has to be a host and a port, such as 127.0.0.1:6379')
    if "://" in address:
        return str(address)
    user, password = found.get("redis.username", ""), found.get("redis.password", "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
    return f"redis://{login}{address}/{found.get('redis.db', 0)}"


def _rooms(found: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """What the core's `Settings` are told."""
    rooms: dict[str, Any] = {name: found[f"room.{name}"] for name in ROOMS if f"room.{name}" in found}
    for name, ours in LIMITS.items():
        for place in ("limit", "room"):  # the second is where they once were
            if f"{place}.{name}" in found:
                rooms[ours] = max(0, found[f"{place}.{name}"])
    rooms.update({ours: found[name] for name, ours in OURS.items() if name in found})
    if "room.enabled_codecs" in found:
        rooms["audio_codecs"], rooms["video_codecs"] = _codecs(found["room.enabled_codecs"], warnings)
    if "rtc.stun_servers" in found:
        rooms["stun_servers"] = [server.removeprefix("stun:") for server in found["rtc.stun_servers"]]
    if "rtc.turn_servers" in found:
        rooms["turn_servers"] = [_turn(server, warnings) for server in found["rtc.turn_servers"]]
    return rooms


def _codecs(given: list[dict[str, Any]], warnings: list[str]) -> tuple[list[str], list[str]]:
    asked = [str(codec.get("mime", "")).lower() for codec in given]
    warnings.extend(
        f'the codec "{mime}" of "room.enabled_codecs" is not supported: it is ignored'
        for mime in asked
        if mime.partition("/")[2] not in {*AUDIO, *VIDEO, "rtx"}
    )
    audio, video = ([n for n in names if f"{kind}/{n}" in asked] for kind, names in (("audio", AUDIO), ("video", VIDEO)))
    return audio, video


def _turn(server: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    known = {"host", "port", "protocol", "username", "credential", "secret", "secret_file", "ttl"}
    if unknown := sorted(set(server) - known):
        raise WrongConfiguration(f'unknown key "rtc.turn_servers.{unknown[0]}"')
    secret = str(server.get("secret", "")).strip()
    if not secret and server.get("secret_file"):
        path = Path(str(server["secret_file"]))
        try:
            if path.stat().st_mode & stat.S_IRWXO:
                raise WrongConfiguration("turn secret file others permissions must be set to 0")
            secret = file_text(path, '"rtc.turn_servers.secret_file"').strip()
        except OSError as error:
            raise WrongConfiguration(f'"rtc.turn_servers.secret_file" cannot be read: {error.strerror}') from error
    elif secret and server.get("secret_file"):
        warnings.append("both secret and secret_file are set for a TURN server: the secret is used")
    if not secret and not (server.get("username") and server.get("credential")):
        raise WrongConfiguration("a TURN server has no usable credentials: set secret, secret_file, or username and credential")
    host, protocol = str(server.get("host", "")), str(server.get("protocol", ""))
    if not host or protocol not in TURN_PROTOCOLS:
        raise WrongConfiguration('"rtc.turn_servers" need a host, and udp, tcp or tls as protocol')
    port = value("rtc.turn_servers.port", Kind.PORT, server.get("port", "3478"))
    ttl = value("rtc.turn_servers.ttl", Kind.NUMBER, server.get("ttl", "0"))
    return {
        "host": host, "port": port, "protocol": protocol, "secret": secret,
        "username": str(server.get("username", "")), "credential": str(server.get("credential", "")), "ttl": ttl,
    }  # fmt: skip
