"""Long work of the audit: reading every chain whole."""

from __future__ import annotations

from celery import shared_task

from suite.audit.selectors import list_organizations
from suite.audit.verification import verify_organization
from suite.kernel import clock
from suite.kernel.logs import get_logger

log = get_logger(__name__)


@shared_task
def verify_all() -> int:
    """Verify each organisation's log from its first record on; how many are broken. Doing it twice changes nothing."""
    broken = 0
    for organization_id in list_organizations():
        report = verify_organization(organization_id=organization_id, now=clock.now())
        if report.findings:
            broken += 1
            log.error(
                "audit_log_broken", organization_id=str(organization_id), findings=[one["code"] for one in report.findings]
            )
    return broken
