"""What other apps may use of the audit: `record`, inside the transaction of the act."""

from suite.audit.services import NO_ORGANIZATION, record

__all__ = ["NO_ORGANIZATION", "record"]
