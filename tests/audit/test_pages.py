"""The auditors' pages: theirs alone, one organisation's alone, complete, and themselves recorded."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone, translation

from suite.accounts.models import Organization, Role
from suite.accounts.viewer import Viewer
from suite.audit.models import Record, Verification
from suite.audit.sealing import seal_due
from suite.audit.services import record
from suite.audit.verification import verify_recent
from suite.kernel import clock
from suite.kernel.ids import uuid7
from suite.kernel.refs import ActorRef, TargetRef
from tests import people

TODAY = timezone.localdate().isoformat()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("witness")]


@pytest.fixture
def here() -> Organization:
    return people.organization("Ville")


@pytest.fixture
def auditor(here: Organization) -> Viewer:
    return people.person(here, "David", "Roche", role=Role.AUDITOR)


def page_of(viewer: Viewer | None) -> Client:
    client = Client(headers={"accept": "text/html"})
    if viewer is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = people.session_of(viewer)
    return client


def act(at: Organization, action: str, name: str, *, when: datetime | None = None, target: TargetRef | None = None,
        context: uuid.UUID | None = None, outcome: str = "done", **details: Any) -> uuid.UUID:  # fmt: skip
    with transaction.atomic():
        return record(action, actor=ActorRef(kind="person", id=uuid7(), label=name),
                      target=target or TargetRef(kind="thing", id=None), organization_id=at.id, at=when or clock.now(),
                      context=context, outcome=outcome, **details)  # fmt: skip


def meeting_of(at: Organization) -> uuid.UUID:
    start, meeting = clock.now() - timedelta(hours=1), uuid7()
    awa, bruno = (TargetRef(kind="participation", id=uuid7(), label=name) for name in ("Awa", "Bruno"))
    room = TargetRef(kind="meeting", id=meeting, label="Point du lundi")

    def then(minute: int, action: str, name: str, target: TargetRef) -> None:
        act(at, action, name, when=start + timedelta(minutes=minute), target=target, context=meeting)

    then(0, "meetings.meeting.started", "Awa", room)
    then(0, "meetings.participant.joined", "Awa", awa)
    then(10, "meetings.participant.joined", "Bruno", bruno)
    then(20, "meetings.participant.left", "Bruno", bruno)
    then(30, "meetings.participant.joined", "Bruno", bruno)
    then(31, "meetings.transcription.started", "Awa", room)
    then(32, "meetings.consent.given", "Bruno", bruno)
    then(40, "meetings.meeting.ended", "Awa", room)
    return meeting


def test_only_auditors_find_the_log(here: Organization, auditor: Viewer) -> None:
    meeting = meeting_of(here)
    others = [
        people.person(here, "Awa", "Staff"),
        people.person(here, "Claire", "HR", role=Role.HR_ADMINISTRATOR),
        people.person(here, "Zoé", "Faible", role=Role.AUDITOR, acr="eidas1"),
    ]
    for address in ("/audit/", f"/audit/contexts/{meeting}/"):
        assert page_of(auditor).get(address).status_code == 200
        assert page_of(None).get(address)["Location"].startswith("/sign-in/")
        for viewer in others:
            assert page_of(viewer).get(address).status_code == 404


def test_another_organisations_auditor_sees_nothing_of_ours(here: Organization) -> None:
    meeting, ours = meeting_of(here), act(here, "accounts.person.deactivated", "Claire Petit")
    stranger = people.person(people.organization("Ailleurs"), "Eva", "Autre", role=Role.AUDITOR)
    shown = page_of(stranger).get("/audit/")
    assert shown.status_code == 200
    assert "Claire Petit" not in shown.content.decode()
    assert page_of(stranger).get(f"/audit/contexts/{meeting}/").status_code == 404
    assert page_of(stranger).get("/audit/", {"record": str(ours)}).status_code == 404
    assert "Claire Petit" not in page_of(stranger).get("/audit/", {"context": str(meeting)}).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"family": "accounts"}, {"Claire"}),
        ({"family": "meetings", "person": "bru"}, {"Bruno"}),
        ({"outcome": "refused"}, {"Étranger"}),
        ({"since": "2001-01-01", "until": "2001-12-31"}, set()),
        ({"since": TODAY, "until": TODAY, "family": "chat"}, {"Étranger"}),
        (
            {"since": "not-a-date", "until": "9999-99-99", "family": "x", "before": "no", "context": "no"},
            {"Claire", "Bruno", "Étranger"},
        ),
        ({"person": "\x00' OR 1=1 --"}, set()),
    ],
)
def test_filters(here: Organization, auditor: Viewer, query: dict[str, str], found: set[str]) -> None:
    act(here, "accounts.person.deactivated", "Claire")
    act(here, "meetings.meeting.started", "Bruno")
    act(here, "chat.message.posted", "Étranger", outcome="refused")
    rows: Any = page_of(auditor).get("/audit/", query).context["rows"]
    names = {row["record"].actor_label for row in rows}
    assert names - {auditor.name} == found


def test_a_period_begins_and_ends_with_its_days(here: Organization, auditor: Viewer) -> None:
    yesterday = clock.now() - timedelta(days=1)
    act(here, "documents.document.edited", "Hier", when=yesterday)
    act(here, "documents.document.edited", "Tantôt")
    client, day = page_of(auditor), timezone.localtime(yesterday).date().isoformat()

    def found(**query: str) -> set[str]:
        rows: Any = client.get("/audit/", {"family": "documents", **query}).context["rows"]
        return {row["record"].actor_label for row in rows}

    assert found(since=TODAY) == found(since=TODAY, until=TODAY) == {"Tantôt"}
    assert found(until=day) == found(since=day, until=day) == {"Hier"}
    assert found(since=day) == found(until=TODAY) == {"Hier", "Tantôt"}


def test_a_person_is_followed_by_their_number_as_who_acts_and_as_who_is_meant(here: Organization, auditor: Viewer) -> None:
    claire = Record.objects.get(id=act(here, "documents.document.edited", "Claire")).actor_id
    act(here, "accounts.person.deactivated", "Marc", target=TargetRef(kind="person", id=claire))
    act(here, "documents.document.edited", "Bruno")
    rows: Any = page_of(auditor).get("/audit/", {"person": str(claire)}).context["rows"]
    assert {row["record"].actor_label for row in rows} == {"Claire", "Marc"}


def test_pages_turn_by_key_without_losing_or_doubling(here: Organization, auditor: Viewer) -> None:
    for number in range(120):
        act(here, "documents.document.edited", f"n{number:03}")
    client, query, seen = page_of(auditor), "?family=documents", []
    for _ in range(3):
        answer = client.get(f"/audit/{query}")
        seen += [row["record"].actor_label for row in answer.context["rows"]]
        query = answer.context["older"]
    assert query == ""
    assert seen == [f"n{number:03}" for number in reversed(range(120))]
    back = client.get(f"/audit/{answer.context['newer']}")
    assert [row["record"].actor_label for row in back.context["rows"]] == seen[50:100]


def test_the_detail_stands_at_the_right(here: Organization, auditor: Viewer) -> None:
    one = act(here, "accounts.person.deactivated", "<b>Claire</b>", context=None)
    act(here, "accounts.person.reactivated", "Bruno", context=None)
    shown = page_of(auditor).get("/audit/", {"record": str(one)}).content.decode()
    detail = shown.split("<aside")[1].split("</aside>")[0]
    assert "&lt;b&gt;Claire&lt;/b&gt; – a désactivé une personne" in detail
    assert "accounts.person.deactivated" in detail
    assert "<b>Claire" not in shown
    assert page_of(auditor).get("/audit/", {"record": "no"}).status_code == 404


def test_codes_are_said_in_words(here: Organization, auditor: Viewer) -> None:
    with transaction.atomic():
        one = record("resources.link.changed", actor=ActorRef(kind="person", id=uuid7(), label="Awa"),
                     target=TargetRef(kind="document", id=uuid7()), organization_id=here.id, at=clock.now(),
                     reach="organization", role="reader", roles=["auditor"], shared_microphone=False, size=1)  # fmt: skip
    with translation.override("fr"):
        opened: Any = page_of(auditor).get("/audit/", {"record": str(one)}, headers={"accept-language": "fr"})
        found = {str(name): str(value) for name, value in opened.context["opened"]["details"]}
    assert found == {
        "À qui le lien ouvre": "toute personne de l’organisation", "Rôle": "peut lire", "Rôles retirés": "audite",
        "Plusieurs personnes à ce micro": "non", "Taille, en octets": "1",
    }  # fmt: skip


def test_reading_is_recorded_once_for_each_question(here: Organization, auditor: Viewer) -> None:
    client = page_of(auditor)
    for _ in range(3):
        client.get("/audit/")
    client.get("/audit/", {"family": "audit"})
    client.get("/audit/", {"family": "audit"})
    readings = Record.objects.filter(action="audit.log.viewed").order_by("id")
    assert [reading.details for reading in readings] == [{}, {"family": "audit"}]
    assert readings[0].actor_id == auditor.user_id
    meeting = meeting_of(here)
    client.get(f"/audit/contexts/{meeting}/")
    client.get(f"/audit/contexts/{meeting}/")
    assert Record.objects.get(action="audit.context.viewed").target_id == meeting


def test_the_line_at_the_top_says_until_when(here: Organization, auditor: Viewer) -> None:
    client = page_of(auditor)
    assert "data-verified" not in client.get("/audit/").content.decode()
    seal_due()
    verify_recent()
    assert "data-verified" in client.get("/audit/").content.decode()


def test_a_log_that_was_changed_says_so(here: Organization, auditor: Viewer) -> None:
    findings = [{"code": "changed", "sequence": 7}]
    Verification.objects.create(organization_id=here.id, sequence=9, chain=b"", verified_at=clock.now(), findings=findings)
    shown = page_of(auditor).get("/audit/").content.decode()
    assert "fr-alert--error" in shown
    alert = shown.split("fr-alert--error")[1].split("</ul>")[0]
    assert "<li>L’enregistrement 7 n’est plus celui qui a été scellé.</li>" in alert


def test_a_meeting_is_a_chart_of_who_was_there(here: Organization, auditor: Viewer) -> None:
    meeting = meeting_of(here)
    answer = page_of(auditor).get(f"/audit/contexts/{meeting}/")
    chart: Any = answer.context["chart"]
    assert chart.title == "Point du lundi"
    assert [(one.name, len(one.stays), one.total) for one in chart.people] == [
        ("Awa", 1, timedelta(minutes=40)),
        ("Bruno", 2, timedelta(minutes=20)),
    ]
    assert [(stay.x, stay.width) for stay in chart.people[1].stays] == [(250, 250), (750, 250)]
    shown = answer.content.decode()
    assert len(re.findall('<rect class="presence__stay"', shown)) == 3
    assert [row["record"].actor_label for row in answer.context["started"]] == ["Awa"]
    assert [row["record"].actor_label for row in answer.context["agreed"]] == ["Bruno"]


def test_who_was_removed_goes_from_the_chart_with_every_device(here: Organization, auditor: Viewer) -> None:
    start, meeting = clock.now() - timedelta(hours=1), uuid7()
    desk, phone = (TargetRef(kind="participation", id=uuid7(), label="Bruno") for _device in range(2))
    for device in (desk, phone):
        act(here, "meetings.participant.joined", "Bruno", when=start, target=device, context=meeting)
    removed = act(here, "meetings.participant.removed", "Awa", when=start + timedelta(minutes=10), target=desk, context=meeting,
                  devices=[str(desk.id), str(phone.id)])  # fmt: skip
    chart: Any = page_of(auditor).get(f"/audit/contexts/{meeting}/").context["chart"]
    assert [one.total for one in chart.people] == [timedelta(minutes=10)] * 2
    shown = page_of(auditor).get(f"/audit/?record={removed}").content.decode()
    assert "Appareils" in shown
    assert f"{desk.id}, {phone.id}" in shown


def test_nothing_is_changed_through_the_pages(auditor: Viewer) -> None:
    assert page_of(auditor).post("/audit/").status_code == 405
    assert page_of(auditor).delete("/audit/").status_code == 405
