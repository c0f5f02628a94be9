"""A full ICE agent that we did not write reaches the plane."""

from __future__ import annotations

import secrets

import pytest
from aioice import Candidate, Connection
from aioice.ice import get_host_addresses

from suite.rtc.core.media import OpenTransport
from suite.rtc.transport.plane import MediaPlane, own_address
from tests.rtc.peer import Control, until


async def test_aioice_connects_over_the_advertised_candidate() -> None:
    hosts = get_host_addresses(use_ipv4=True, use_ipv6=False)
    if not hosts:
        pytest.skip("aioice uses no loopback address, and this machine has no other")
    plane = await MediaPlane.start(host="0.0.0.0", port=0, advertise=hosts[0], report=Control())
    ufrag, password = secrets.token_hex(4), secrets.token_hex(12)
    plane.apply(OpenTransport("a", ufrag, password))
    agent = Connection(ice_controlling=True, components=1)
    agent.remote_is_lite = True
    agent.remote_username, agent.remote_password = ufrag, password
    await agent.gather_candidates()
    for line in plane.candidates():
        await agent.add_remote_candidate(Candidate.from_sdp(line.removeprefix("candidate:")))
    await agent.add_remote_candidate(None)
    await agent.connect()
    await until(lambda: plane.association("a").line.address is not None)
    assert plane.association("a").line.address[1] == agent.local_candidates[0].port
    await agent.close()
    await plane.close()


def test_our_own_address_is_where_we_listen_unless_that_is_everywhere() -> None:
    assert own_address("127.0.0.5") == "127.0.0.5"
    assert own_address("0.0.0.0") not in {"", "0.0.0.0"}


async def test_a_taken_port_is_an_error_that_names_itself(plane: MediaPlane) -> None:
    with pytest.raises(OSError, match="in use"):
        await MediaPlane.start(host="127.0.0.1", port=plane.port, advertise=None, report=Control())
