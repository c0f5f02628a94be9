"""Whether an organisation's records are what they were: each against its leaf, each leaf in its chain, the chain against its
witness. Every difference is a finding, in a sentence for auditors and operators.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet

from suite.audit import witness
from suite.audit.chain import first_link, next_link
from suite.audit.models import Pending, Record, Seal, Verification
from suite.audit.services import leaf_of
from suite.audit.words import finding_sentence
from suite.kernel import clock

Finding = dict[str, int | str]

CHUNK = 1000
FINDINGS_MAX = 100
UNSEALED_SECONDS = 60


@dataclass
class Report:
    """How far the chain goes and what is wrong; `sequence` and `chain` are the last link's."""

    organization_id: uuid.UUID
    sequence: int = 0
    chain: bytes = b""
    sealed_at: datetime | None = None
    findings: list[Finding] = field(default_factory=list)

    def found(self, code: str, **values: int | str) -> None:
        """Keep a finding, at most `FINDINGS_MAX` of them."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append({"code": code, **values})

    @property
    def sentences(self) -> list[str]:
        """The findings in the active language."""
        return [finding_sentence(finding) for finding in self.findings]


def verify_organization(*, organization_id: uuid.UUID, now: datetime) -> Report:
    """Read the whole chain of an organisation, and keep what was found for the auditors' page."""
    report = Report(organization_id=organization_id, chain=first_link(organization_id))
    heads = _heads(report)
    _walk(report, Seal.objects.filter(organization_id=organization_id), heads)
    for sequence in sorted(number for number in heads if number > report.sequence):
        report.found("cut_off", sequence=sequence, end=report.sequence)
    _look_for_unsealed(report, now)
    _keep(report, now)
    return report


def verify_recent(*, limit: int = CHUNK) -> int:
    """Follow each chain from where it was last found whole, `limit` links at most; how many links were read.

    Short, for the dispatcher's side: `verify_organization` reads the whole. A finding stays until the whole is found right.
    """
    now, read = clock.now(), 0
    for organization_id in list(Seal.objects.filter(sequence=1).values_list("organization_id", flat=True)):
        known = Verification.objects.filter(organization_id=organization_id).first()
        if known is not None and known.findings:
            continue
        report = Report(organization_id=organization_id, chain=first_link(organization_id))
        if known is not None:
            report.sequence, report.chain, report.sealed_at = known.sequence, bytes(known.chain), known.sealed_at
        before = report.sequence
        seals = Seal.objects.filter(organization_id=organization_id, sequence__gt=before, sequence__lte=before + limit)
        _walk(report, seals, {})
        if report.sequence != before or report.findings or known is None:
            _keep(report, now)
        read += report.sequence - before
    return read


def _walk(report: Report, seals: QuerySet[Seal], heads: dict[int, str]) -> None:
    for seal, record in _pairs(seals):
        expected = report.sequence + 1
        if seal.sequence != expected:
            report.found("missing", sequence=expected, next=seal.sequence)
        link = next_link(
            report.chain,
            organization_id=report.organization_id,
            sequence=seal.sequence,
            record_id=seal.record_id,
            leaf=bytes(seal.leaf),
        )
        if link != bytes(seal.chain):
            report.found("does_not_continue", sequence=seal.sequence)
        if record is None:
            report.found("deleted", sequence=seal.sequence)
        elif record.organization_id != report.organization_id or leaf_of(record) != bytes(seal.leaf):
            report.found("changed", sequence=seal.sequence)
        if heads.get(seal.sequence, bytes(seal.chain).hex()) != bytes(seal.chain).hex():
            report.found("not_witnessed", sequence=seal.sequence)
        report.sequence, report.chain, report.sealed_at = seal.sequence, bytes(seal.chain), seal.sealed_at


def _pairs(seals: QuerySet[Seal]) -> Iterator[tuple[Seal, Record | None]]:
    """Seals in their order with their records, read in chunks by key: no long cursor, no deep offset."""
    after = -1
    while chunk := list(seals.filter(sequence__gt=after).order_by("sequence")[:CHUNK]):
        records = Record.objects.in_bulk([seal.record_id for seal in chunk])
        for seal in chunk:
            yield seal, records.get(seal.record_id)
        after = chunk[-1].sequence


def _heads(report: Report) -> dict[int, str]:
    found: dict[int, str] = {}
    try:
        for head in witness.heads(organization_id=report.organization_id):
            found[head.sequence] = head.chain
    except witness.BrokenWitness as broken:
        report.found("witness_changed", where=str(broken))
    return found


def _look_for_unsealed(report: Report, now: datetime) -> None:
    """A record without a seal after a minute was put in, or its seal taken out, behind the sealer's back."""
    here = Record.objects.filter(organization_id=report.organization_id)
    ours = here.filter(recorded_at__lt=now - timedelta(seconds=UNSEALED_SECONDS))
    waiting = Pending.objects.filter(organization_id=report.organization_id).values("record_id")
    unsealed = ours.exclude(id__in=Seal.objects.filter(organization_id=report.organization_id).values("record_id"))
    gone = Pending.objects.filter(organization_id=report.organization_id).exclude(record_id__in=here.values("id"))
    if lost := gone.count():
        report.found("deleted_unsealed", count=lost)
    behind, late = unsealed.exclude(id__in=waiting).count(), unsealed.filter(id__in=waiting).count()
    if behind:
        report.found("put_in", count=behind)
    if late:
        report.found("late", count=late)


def _keep(report: Report, now: datetime) -> None:
    Verification.objects.update_or_create(
        organization_id=report.organization_id,
        defaults={
            "sequence": report.sequence,
            "chain": report.chain,
            "sealed_at": report.sealed_at,
            "verified_at": now,
            "findings": report.findings,
        },
    )
