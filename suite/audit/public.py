"""What other apps may use of the audit: `record`, inside the transaction of the act."""

from suite.audit.services import record

__all__ = ["record"]
