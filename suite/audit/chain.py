"""The chain of seals: what binds an organisation's records to one another and to their order.

Each link is H(0x01 || link before || organisation || sequence || record's id || leaf); the first stands on H(0x01 ||
organisation). A link therefore fits one organisation, one place and one record. Nothing inside the database can show that its
tail was cut off by whoever owns the database: for that, each new head is written to the witness (`witness.py`).
"""

from __future__ import annotations

import hashlib
import uuid

LINK_PREFIX = b"\x01"  # RFC 9162, 2.1.1: nodes are hashed apart from leaves


def first_link(organization_id: uuid.UUID) -> bytes:
    """What the first seal of an organisation stands on."""
    return hashlib.sha256(LINK_PREFIX + organization_id.bytes).digest()


def next_link(before: bytes, *, organization_id: uuid.UUID, sequence: int, record_id: uuid.UUID, leaf: bytes) -> bytes:
    """The link of the `sequence`-th record; sequences count from 1."""
    body = before + organization_id.bytes + sequence.to_bytes(8, "big") + record_id.bytes + leaf
    return hashlib.sha256(LINK_PREFIX + body).digest()
