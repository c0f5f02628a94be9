"""coturn as docs/media/turnserver.conf sets it up: it relays to the media server alone, over UDP, TCP and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aioice import stun, turn
from playwright.async_api import Browser, Page, async_playwright

from suite.rtc.core import ice
from suite.rtc.core.settings import Settings
from suite.rtc.transport.addresses import route_address
from tests.protocol.conftest import DEADLINE, ROOT, Server, free_port, until
from tests.protocol.network import PORT, SERVER, Network, arguments, network, pages, selected
from tests.protocol.test_browser import ARGUMENTS, CHROMIUM, CLIENT, PAGE, moving

TURNSERVER = shutil.which("turnserver")
CONFIGURATION = ROOT / "docs" / "media" / "turnserver.conf"
READY = "DB connection success"
SECRET = "a-secret-of-coturn-and-of-the-media-server"
pytestmark = pytest.mark.skipif(TURNSERVER is None, reason="needs coturn: apt install coturn")


def configured(folder: Path, *, media: str, **more: str) -> Path:
    """The documented configuration with its four values."""
    text = CONFIGURATION.read_text()
    for name, value in {"TURN_NAME": "turn.example.org", "TURN_SECRET": SECRET, "MEDIA_ADDRESS": media}.items():
        assert name in text
        text = text.replace(name, value)
    text = text.replace("/etc/coturn", str(folder))
    for name, value in more.items():
        key = name.replace("_", "-")
        assert f"\n{key}=" in text, key
        text = "\n".join(f"{key}={value}" if line.startswith(f"{key}=") else line for line in text.split("\n"))
    made = folder / "turnserver.conf"
    made.write_text(text)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=turn.example.org", "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def command(configuration: Path, folder: Path, address: str) -> list[str]:
    return [
        str(TURNSERVER), "-c", str(configuration), "-L", address, "-E", address, "--no-rfc5780",
        "--userdb", str(folder / "turn.db"), "--pidfile", str(folder / "turn.pid"), "--verbose",
    ]  # fmt: skip


# --- whom it relays to


@pytest.fixture
def media() -> str:
    """The address of the media server, which is this machine's: coturn refuses the loopback whatever it is told."""
    import socket

    address = route_address(socket.AF_INET)
    if not address:
        pytest.skip("this machine has no address but the loopback")
    return address


@pytest.fixture
def coturn(tmp_path: Path, media: str) -> Iterator[tuple[str, int]]:
    """A relay on this machine, with a quota of three; its address."""
    port = free_port()
    made = configured(tmp_path, media=media, listening_port=str(port), tls_listening_port=str(free_port()), user_quota="3")
    log = tmp_path / "coturn.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command(made, tmp_path, "127.0.0.1"), stdout=out, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + DEADLINE
        while READY.encode() not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield "127.0.0.1", port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


class Sink(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: list[tuple[bytes, Any]] = []

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.received.append((data, address))


def credentials(participant: str = "PA_x", *, ttl: int = 600, secret: str = SECRET) -> tuple[str, str]:
    """As the media server makes them."""
    settings = Settings(turn_servers=ice.turn_servers("turn:a.b", secret=secret, ttl=ttl))
    (server,) = ice.servers(settings, participant_sid=participant, now=time.time())
    return server.username, server.credential


async def relay(at: tuple[str, int], name: tuple[str, str], **more: Any) -> tuple[Any, Sink]:
    transport, protocol = await turn.create_turn_endpoint(
        Sink, server_addr=at, username=name[0], password=name[1], lifetime=600, transport="udp", **more
    )
    return transport, protocol


async def bind(transport: Any, peer: tuple[str, int]) -> int:
    """Ask for a way to a peer: 0, or the error code."""
    inner = transport._TurnTransport__inner_protocol
    number = 0x4000 + len(inner.peer_to_channel)
    try:
        await inner.channel_bind(number, peer)
    except stun.TransactionFailed as refused:
        return int(refused.response.attributes["ERROR-CODE"][0])
    return 0


REFUSED = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.17.0.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.7", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fc00::1",
    "fd00::1", "fe80::1", "2001:db8::1", "ff02::1",
]  # fmt: skip


async def test_it_relays_to_the_media_server_and_nobody_else(coturn: tuple[str, int], media: str) -> None:
    loop = asyncio.get_running_loop()
    far, far_protocol = await loop.create_datagram_endpoint(Sink, local_addr=(media, 0))
    transport, protocol = await relay(coturn, credentials())
    there = far.get_extra_info("sockname")
    assert await bind(transport, there) == 0
    transport.sendto(b"ping", there)
    await until(lambda: far_protocol.received)
    far.sendto(b"pong", far_protocol.received[0][1])
    await until(lambda: protocol.received)
    for address in REFUSED:
        code = await bind(transport, (address, 9))
        # Not allowed, or of a family that the relay does not have (RFC 8656, 11.2 and 15).
        assert code in ({403} if ":" not in address else {403, 443}), f"{address}: {code}"
    transport.close()
    far.close()


async def test_wrong_and_old_credentials_are_refused_and_one_name_has_a_quota(coturn: tuple[str, int]) -> None:
    for name in (credentials(secret="another"), ("1000:PA_x", credentials()[1]), ("PA_x", "x")):
        with pytest.raises(stun.TransactionFailed) as refused:
            await relay(coturn, name)
        assert refused.value.response.attributes["ERROR-CODE"][0] == 401
    name = credentials("PA_greedy")
    transports = [(await relay(coturn, name))[0] for _ in range(3)]
    with pytest.raises(stun.TransactionFailed) as refused:
        await relay(coturn, name)
    assert refused.value.response.attributes["ERROR-CODE"][0] == 486
    transports.append((await relay(coturn, credentials("PA_modest")))[0])  # another is not held up
    for transport in transports:
        transport.close()
    await asyncio.sleep(0.1)


# --- browsers that can do nothing else


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Network]:
    with network(tmp_path) as made:
        yield made


@pytest.fixture
async def browser(machines: Network) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        given = [*ARGUMENTS, *arguments(f"{SERVER}:8000"), "--ignore-certificate-errors"]
        started = await playwright.chromium.launch(executable_path=str(machines.chromium()), args=given)
        yield started
        await started.close()


async def enter(browser: Browser, address: str, server: Server, identity: str) -> Page:
    context = await browser.new_context(permissions=["camera", "microphone"], ignore_https_errors=True)
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_function("window.ready")
    given = [f"ws://{SERVER}:{PORT}", server.token(identity, "r"), {"iceTransportPolicy": "relay"}]
    await page.evaluate("([u, t, c]) => meet(u, t, true, c)", given)
    return page


@pytest.mark.journey
@pytest.mark.skipif(not CHROMIUM.exists() or not CLIENT.exists(), reason="needs Debian's chromium and npm's packages")
@pytest.mark.parametrize("protocol", ["udp", "tcp", "tls"])
async def test_media_flows_through_a_relay_alone(machines: Network, browser: Browser, protocol: str) -> None:
    made = configured(machines.folder, media=SERVER)
    process = machines.start("server", *command(made, machines.folder, SERVER), log="coturn.log")
    machines.said("coturn.log", READY, process)
    port = 5349 if protocol == "tls" else 3478
    server = machines.media_server(
        configuration=f"""
rtc:
  turn_servers:
    - {{host: {SERVER}, port: {port}, protocol: {protocol}, secret: {SECRET}, ttl: 600}}
"""
    )
    address = pages(machines, {"page.html": PAGE, "livekit-client.mjs": CLIENT})
    speaker = await enter(browser, address, server, "speaker")
    await speaker.evaluate("publish()")
    listener = await enter(browser, address, server, "listener")
    await moving(listener)
    for page in (speaker, listener):
        assert selected(await page.evaluate("pair()")) == ("relay", protocol, "udp")
    with contextlib.suppress(Exception):
        await speaker.evaluate("room.disconnect()")
