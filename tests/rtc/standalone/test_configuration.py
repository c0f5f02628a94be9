"""LiveKit's configuration file, options and environment, as a LiveKit server would take them."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suite.rtc.core.settings import Settings
from suite.rtc.standalone.configuration import Configuration, gather
from suite.rtc.standalone.reading import WrongConfiguration
from suite.rtc.standalone.run import arguments, configuration, listening, workers_of

KEYS = "keys: {first: 0123456789012345678901234567890123, second: abcdefghijklmnopqrstuvwxyzabcdef}\n"


def read(text: str = "", *, keys: str = KEYS, environment: dict[str, str] | None = None, **given: str) -> Configuration:
    return gather(text=keys + text, given=given, environment=environment or {})


def settings(found: Configuration) -> Settings:
    return Settings().changed(found.rooms)


def test_what_is_not_said_is_as_livekits() -> None:
    found = read()
    assert (found.port, found.tcp_port, found.udp_ports, found.bind) == (7880, 7881, (7882, 7882), ("",))
    assert (found.signal_limit, found.body_limit, found.prometheus_port) == (2 << 20, 10 << 20, 0)
    rooms = settings(found)
    assert (rooms.auto_create, rooms.empty_timeout, rooms.departure_timeout, rooms.max_participants) == (True, 300, 20, 0)
    assert (rooms.metadata_limit, rooms.attributes_limit, rooms.room_name_limit) == (512 * 1024, 64 * 1024, 256)
    assert (rooms.data_tracks, rooms.data_blobs) == (True, False)


def test_every_key_that_we_act_on_is_taken() -> None:
    found = read(
        """
port: 8880
bind_addresses: [127.0.0.1, "::1"]
region: eu-west
rtc:
  node_ip: 198.51.100.7
  udp_port: 7900-7907
  tcp_port: 7899
  enable_loopback_candidate: true
  datachannel_slow_threshold: 21024
  stun_servers: [stun.example.org:3478]
  turn_servers: [{host: turn.example.org, port: 443, protocol: tls, secret: known, ttl: 60}]
room:
  auto_create: false
  empty_timeout: 11
  departure_timeout: 12
  max_participants: 13
  enable_remote_unmute: true
  enabled_codecs: [{mime: audio/opus}, {mime: video/VP8}, {mime: video/rtx}]
limit:
  max_metadata_size: 1_000
  subscription_limit_video: 9
  signal_message_size_limit: 1024
  max_api_request_body_size: 0
webhook: {urls: ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"], api_key: second}
redis: {address: "127.0.0.1:6379", username: u, password: "p:w", db: 3}
prometheus: {port: 6789, username: me, password: word}
enable_data_tracks: false
enable_participant_data_blob: true
logging: {level: warn}
"""
    )
    assert (found.port, found.bind, found.region, found.node_ip) == (8880, ("127.0.0.1", "::1"), "eu-west", "198.51.100.7")
    assert (found.udp_ports, found.tcp_port, found.loopback, found.log_level) == ((7900, 7907), 7899, True, "warn")
    assert found.redis_url == "redis://u:p%3Aw@127.0.0.1:6379/3"
    assert found.webhook_urls == ("http://127.0.0.1:1/a", "http://127.0.0.1:1/b")
    assert found.signing == ("second", "abcdefghijklmnopqrstuvwxyzabcdef")
    assert (found.prometheus_port, found.prometheus_user, found.signal_limit, found.body_limit) == (
        6789,
        ("me", "word"),
        1024,
        0,
    )
    rooms = settings(found)
    assert (rooms.auto_create, rooms.empty_timeout, rooms.departure_timeout, rooms.max_participants) == (False, 11, 12, 13)
    assert (rooms.audio_codecs, rooms.video_codecs, rooms.enable_remote_unmute) == (("opus",), ("vp8",), True)
    assert (rooms.metadata_limit, rooms.video_subscriptions, rooms.slow_reader) == (1000, 9, 21024)
    assert (rooms.data_tracks, rooms.data_blobs, rooms.region) == (False, True, "eu-west")
    assert rooms.turn_servers[0].secret == "known"
    assert rooms.stun_servers == ("stun.example.org:3478",)
    assert found.warnings == ()


def test_a_key_that_we_do_not_support_is_named_and_ignored() -> None:
    found = read("rtc: {use_external_ip: true, congestion_control: {enabled: true}}\naudio: {active_level: 30}\n", keys=KEYS)
    told = "\n".join(found.warnings)
    assert all(f'"{name}"' in told for name in ("rtc.use_external_ip", "rtc.congestion_control", "audio"))
    assert len(found.warnings) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing: 1", 'unknown key "nothing"'),
        ("rtc: {udp_prt: 1}", 'unknown key "rtc.udp_prt"'),
        ("rtc: {turn_servers: [{hots: x}]}", 'unknown key "rtc.turn_servers.hots"'),
        ("rtc: {turn_servers: [{host: x}]}", "no usable credentials"),
        ("rtc: {turn_servers: [{secret: x}]}", "need a host"),
        ("rtc: {turn_servers: [{host: x, protocol: quic, secret: x}]}", "udp, tcp or tls"),
        ("rtc: {turn_servers: [{host: x, port: 70000, secret: x}]}", '"rtc.turn_servers.port" has to be a port'),
        ("port: many", '"port" has to be a port'),
        ("port: -1", '"port" has to be a port'),
        ("rtc: {tcp_port: 65536}", '"rtc.tcp_port" has to be a port'),
        ("prometheus: {port: 99999}", '"prometheus.port" has to be a port'),
        ("room: {empty_timeout: -5}", '"room.empty_timeout" has to be a whole number from 0'),
        ("room: {max_participants: 1_0_000_000_000}", '"room.max_participants" has to be a whole number from 0'),
        ("logging: {level: loud}", '"logging.level" has to be debug'),
        ("redis: {address: '127.0.0.1:port'}", '"redis.address" has to be a host and a port'),
        ("room: {auto_create: perhaps}", '"room.auto_create" has to be true or false'),
        ("rtc: {udp_port: 9-8}", '"rtc.udp_port" has to be a port'),
        ("rtc: {node_ip: here}", '"rtc.node_ip" has to be an address'),
        ("rtc: 7", '"rtc" has to be a mapping'),
        ("rtc: {node_ip: {v5: 127.0.0.1}}", '"rtc.node_ip" has to be an address'),
        ("bind_addresses: 127.0.0.1", '"bind_addresses" has to be a list of addresses'),
        ("bind_addresses: [localhost]", '"bind_addresses" has to be a list of addresses'),
        ("port: 1\nport: 2", '"port" is there twice'),
        ("[1", "it is not YAML"),
        ("webhook: {urls: [http://x], api_key: third}", '"webhook.api_key" has to be one of the keys'),
        ("webhook: {urls: [http://x]}", '"webhook.api_key" is required'),
        ("webhook: {urls: [here], api_key: first}", '"webhook.urls" has to be a list of http or https'),
        ("prometheus: {port: 1, username: me}", "are set together or not at all"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_an_error_that_names_it(text: str, words: str) -> None:
    with pytest.raises(WrongConfiguration) as wrong:
        read(text)
    assert words in str(wrong.value)


def test_what_an_option_says_is_checked_as_the_file_is() -> None:
    assert read(bind_addresses="127.0.0.1 ::1").bind == ("127.0.0.1", "::1")
    for name, said in (("bind_addresses", "localhost"), ("webhook.urls", "here"), ("log_level", "loud"), ("port", "65536")):
        with pytest.raises(WrongConfiguration, match=name):
            read(**{name: said})


@pytest.mark.parametrize(("said", "level"), [("WARN", "warn"), ("warning", "warn"), ("fatal", "error"), ("debug", "debug")])
def test_levels_are_zaps(said: str, level: str) -> None:
    assert read(f"logging: {{level: {said}}}").log_level == level


def test_a_file_that_is_no_text_is_an_error_of_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "livekit.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongConfiguration, match="not UTF-8"):
        configuration(*arguments([str(path)]))
    path.chmod(0o600)
    with pytest.raises(WrongConfiguration, match='"key_file" is not UTF-8'):
        read(f"key_file: {path}\n", keys="")


def test_a_server_without_keys_does_not_start_but_for_development() -> None:
    with pytest.raises(WrongConfiguration) as wrong:
        read(keys="")
    assert "one of key_file or keys must be provided" in str(wrong.value)
    found = read(keys="development: true\n")
    assert dict(found.keys) == {"devkey": "secret"}
    assert found.bind == ("127.0.0.1", "::1")


def test_a_secret_of_digits_stays_a_text_and_a_short_one_is_warned_of() -> None:
    found = read(keys="keys: {k: 0123}\n")
    assert dict(found.keys) == {"k": "0123"}
    assert "shorter than 32" in found.warnings[0]


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text("third: abcdefghijklmnopqrstuvwxyz0123456789\n")
    path.chmod(0o644)
    with pytest.raises(WrongConfiguration):
        read(f"key_file: {path}\n", keys="")
    path.chmod(0o640)
    assert set(read(f"key_file: {path}\n", keys="").keys) == {"third"}


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "livekit.yaml"
    path.write_text(KEYS + "port: 1\nrtc: {tcp_port: 2}\nroom: {max_participants: 3}\n")
    monkeypatch.setenv("LIVEKIT_RTC_TCP_PORT", "20")
    monkeypatch.setenv("LIVEKIT_PORT", "10")
    said: Any = arguments(
        [
            str(path),
            "--port",
            "100",
            "--room.max_participants",
            "30",
            "--enable_data_tracks=false",
            "--room.enable_remote_unmute",
            "--keys",
            "only: " + "x" * 32,
            "--node-ip",
            "::1",
        ]
    )
    found = configuration(*said)
    assert (found.port, found.tcp_port, found.rooms["max_participants"], found.node_ip) == (100, 20, 30, "::1")
    assert set(found.keys) == {"only"}
    assert (found.rooms["data_tracks"], found.rooms["enable_remote_unmute"]) == (False, True)
    with pytest.raises(WrongConfiguration):
        configuration(*arguments([str(path), "--no.such.key", "1"]))
    with pytest.raises(WrongConfiguration):
        configuration(*arguments([str(tmp_path / "nowhere.yaml")]))


def test_the_whole_file_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_CONFIG", "port: 5\n")
    monkeypatch.setenv("LIVEKIT_KEYS", "a: " + "x" * 32)
    found = configuration(*arguments([]))
    assert (found.port, set(found.keys)) == (5, {"a"})


def test_a_range_of_ports_bounds_the_workers() -> None:
    assert workers_of(read("rtc: {udp_port: 7882-7883}\n"), 8) == 2
    assert workers_of(read(), 3) == 3
    assert workers_of(read(), 0) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("address", ["127.0.0.1", ""])
def test_what_is_accepted_does_not_wait_for_the_peers_acknowledgement(address: str) -> None:
    """Nagle's algorithm held each answer back for 40 ms: its head and its body are two writes."""
    (listener,) = listening(replace(configuration(*arguments(["--dev"])), bind=(address,)), 0)
    with listener, socket.create_connection(("127.0.0.1", listener.getsockname()[1])):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
