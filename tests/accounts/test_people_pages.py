"""The pages of those who administer people: whom they show, whom they refuse, and what deactivating does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from suite.accounts.models import Organization, Role, RoleAssignment, SignIn, Unit, User
from suite.accounts.selectors import get_viewer
from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.kernel.models import OutboxDelivery
from suite.kernel.paging import PAGE_ROWS
from tests import people

pytestmark = pytest.mark.django_db


@dataclass
class House:
    organization: Organization
    hr: Viewer
    staff: Viewer
    auditor: Viewer
    other_hr: Viewer


@pytest.fixture
def house() -> House:
    here, elsewhere = people.organization("Ville"), people.organization("Ailleurs")
    return House(
        organization=here,
        hr=people.person(here, "Claire", "Petit", role=Role.HR_ADMINISTRATOR),
        staff=people.person(here, "Éloïse", "Martin"),
        auditor=people.person(here, "David", "Roche", role=Role.AUDITOR),
        other_hr=people.person(elsewhere, "Marc", "Olivier", role=Role.HR_ADMINISTRATOR),
    )


def page_of(viewer: Viewer | None) -> Client:
    client = Client(headers={"accept": "text/html"})
    if viewer is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = people.session_of(viewer)
    return client


def addresses(viewer: Viewer) -> list[tuple[str, str]]:
    base = f"/people/{viewer.user_id}/"
    return [
        ("get", "/people/"),
        ("get", "/people/add/"),
        ("post", "/people/add/"),
        ("get", base),
        ("get", f"{base}deactivate/"),
        ("post", f"{base}deactivate/"),
        ("post", f"{base}reactivate/"),
        ("post", f"{base}move/"),
        ("get", f"{base}leave/"),
        ("post", f"{base}leave/"),
    ]


def test_whoever_administers_nobody_finds_no_such_page(house: House) -> None:
    for viewer in (house.staff, house.auditor):
        for method, address in addresses(house.staff):
            assert getattr(page_of(viewer), method)(address).status_code == 404, address
    assert page_of(None).get("/people/")["Location"].startswith("/sign-in/?next=/people/")


def test_another_organisations_administrator_finds_nobody_of_ours(house: House) -> None:
    for method, address in addresses(house.staff)[3:]:
        assert getattr(page_of(house.other_hr), method)(address).status_code == 404, address
    assert "Martin" not in page_of(house.other_hr).get("/people/").content.decode()
    assert User.objects.get(id=house.staff.user_id).is_active


def test_a_weak_sign_in_administers_nobody(house: House) -> None:
    weak = people.person(house.organization, "Zoé", "Faible", role=Role.HR_ADMINISTRATOR, acr="eidas1")
    for method, address in addresses(house.staff):
        assert getattr(page_of(weak), method)(address).status_code == 404, address
    given = {"given_name": "Nora", "usual_name": "Nouvelle", "email": "nora@example.org"}
    assert page_of(weak).post("/people/add/", given).status_code == 404
    assert not User.objects.filter(email="nora@example.org").exists()


def test_a_unit_s_administrator_sees_that_unit_and_below(house: House) -> None:
    top = Unit.objects.create(organization=house.organization, name="Direction")
    below = Unit.objects.create(organization=house.organization, name="Bureau", parent=top)
    people.person(house.organization, "Dessous", "Bureau", unit=below)
    delegate = people.person(house.organization, "Ana", "Delegue", role=Role.HR_ADMINISTRATOR, role_unit=top, unit=top)
    shown = page_of(delegate).get("/people/").content.decode()
    assert "Bureau Dessous" in shown
    assert "Martin" not in shown
    assert page_of(delegate).get(f"/people/{house.staff.user_id}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"Petit", "Martin", "Roche"}),
        ({"q": "eloise mart"}, {"Martin"}),
        ({"role": "auditor"}, {"Roche"}),
        ({"status": "deactivated"}, set()),
        ({"q": "<script>\x00", "page": "99999999999999", "sort": "'; --", "unit": "no"}, set()),
    ],
)
def test_search_and_filters(house: House, query: dict[str, str], found: set[str]) -> None:
    answer = page_of(house.hr).get("/people/", query)
    assert answer.status_code == 200
    table: Any = answer.context["rows"]
    assert {row["membership"].user.usual_name for row in table} == found
    assert answer.context["page"].paginator.count == len(found)


def test_the_list_shows_the_roles_that_are_held_here(house: House) -> None:
    elsewhere = RoleAssignment.objects.get(user_id=house.other_hr.user_id).organization
    RoleAssignment.objects.create(user_id=house.staff.user_id, role=Role.AUDITOR, organization=elsewhere)
    rows: Any = page_of(house.hr).get("/people/").context["rows"]
    shown = {row["membership"].user.usual_name: [str(role) for role in row["roles"]] for row in rows}
    assert shown == {"Petit": ["Administre les personnes"], "Martin": [], "Roche": ["Audite"]}
    found: Any = page_of(house.hr).get("/people/", {"role": "auditor"}).context["rows"]
    assert [row["membership"].user.usual_name for row in found] == ["Roche"]


def test_a_unit_filters_the_list_and_only_those_that_one_administers_are_offered(house: House) -> None:
    one, other = (Unit.objects.create(organization=house.organization, name=name) for name in ("Bureau", "Voirie"))
    people.person(house.organization, "Dessous", "Bureau", unit=one)
    people.person(house.organization, "Paul", "Rue", unit=other)
    delegate = people.person(house.organization, "Ana", "Delegue", role=Role.HR_ADMINISTRATOR, role_unit=one, unit=one)

    def seen(viewer: Viewer, unit: Unit) -> tuple[set[str], list[str]]:
        context: Any = page_of(viewer).get("/people/", {"unit": str(unit.id)}).context
        offered = next(field for field in context["filters"].fields if field.name == "unit").options
        return {row["membership"].user.usual_name for row in context["rows"]}, [name for _value, name in offered]

    assert seen(house.hr, one) == ({"Bureau", "Delegue"}, ["Bureau", "Voirie"])
    assert seen(house.hr, other) == ({"Rue"}, ["Bureau", "Voirie"])
    assert seen(delegate, one) == ({"Bureau", "Delegue"}, ["Bureau"])
    assert seen(delegate, other) == (set(), ["Bureau"])


def test_the_list_is_sorted_both_ways(house: House) -> None:
    def names(sort: str) -> list[str]:
        rows: Any = page_of(house.hr).get("/people/", {"sort": sort}).context["rows"]
        return [row["membership"].user.usual_name for row in rows]

    assert names("name") == ["Martin", "Petit", "Roche"]
    assert names("-name") == ["Roche", "Petit", "Martin"]


def test_a_long_list_is_turned_forwards_and_back(house: House) -> None:
    for number in range(PAGE_ROWS):
        people.person(house.organization, "Zoé", f"Zola {number:02}")
    client = page_of(house.hr)
    first, last = (client.get(address).content.decode() for address in ("/people/", "/people/?page=2"))
    assert 'href="/people/?page=2"' in first
    assert "fr-pagination__link--prev" not in first
    assert 'fr-pagination__link--prev fr-pagination__link--lg-label" href="/people/?page=1"' in last
    assert "fr-pagination__link--next" not in last


def test_deactivating_says_first_what_it_ends_then_ends_it(house: House) -> None:
    hr, his = page_of(house.hr), page_of(house.staff)
    session = SessionStore()
    session.create()
    SignIn.objects.filter(user_id=house.staff.user_id).update(session_key=session.session_key)
    his.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert get_viewer(session_key=session.session_key) is not None
    asked = hr.get(f"/people/{house.staff.user_id}/deactivate/")
    assert "Éloïse Martin" in asked.content.decode()
    assert User.objects.get(id=house.staff.user_id).is_active

    answer = hr.post(f"/people/{house.staff.user_id}/deactivate/", follow=True)
    assert answer.status_code == 200
    assert "fr-alert--success" in answer.content.decode()
    assert not User.objects.get(id=house.staff.user_id).is_active
    assert get_viewer(session_key=session.session_key) is None
    assert not session.exists(session.session_key)
    assert his.get("/people/").status_code == 302
    record = Record.objects.get(action="accounts.person.deactivated")
    assert (record.actor_id, record.target_id, record.details) == (house.hr.user_id, house.staff.user_id, {"sessions_ended": 1})
    told = set(OutboxDelivery.objects.values_list("subscriber", flat=True))
    assert "suite.accounts.subscribers.close_sockets_of_person" in told
    assert "suite.accounts.subscribers.close_sockets_of_sign_in" in told

    assert hr.post(f"/people/{house.staff.user_id}/deactivate/").status_code == 409
    assert hr.post(f"/people/{house.staff.user_id}/reactivate/").status_code == 302
    assert User.objects.get(id=house.staff.user_id).is_active
    assert get_viewer(session_key=session.session_key) is None
    assert hr.post(f"/people/{house.staff.user_id}/reactivate/").status_code == 409


def test_nobody_deactivates_themselves(house: House) -> None:
    assert page_of(house.hr).post(f"/people/{house.hr.user_id}/deactivate/").status_code == 403
    assert User.objects.get(id=house.hr.user_id).is_active


def test_who_works_elsewhere_too_is_not_deactivated_from_here(house: House) -> None:
    elsewhere = people.organization("Autre")
    from suite.accounts.models import Membership
    from suite.kernel import clock

    Membership.objects.create(user_id=house.staff.user_id, organization=elsewhere, started_at=clock.now())
    assert page_of(house.hr).post(f"/people/{house.staff.user_id}/deactivate/").status_code == 409
    assert User.objects.get(id=house.staff.user_id).is_active


def test_a_forged_form_is_refused(house: House) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept": "text/html"})
    client.cookies[settings.SESSION_COOKIE_NAME] = people.session_of(house.hr)
    assert client.post(f"/people/{house.staff.user_id}/deactivate/").status_code == 403
    assert User.objects.get(id=house.staff.user_id).is_active
