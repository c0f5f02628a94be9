"""Tidying of accounts."""

from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task
def sessions_forget() -> None:
    """Delete what is left of browsers' sessions that are past their age."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
