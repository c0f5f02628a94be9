"""Celery: short tasks in the queue `default`, speech in `speech`."""

import logging
import os

from celery import Celery
from celery.signals import setup_logging

from suite.kernel.tasks import is_news

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suite.config.settings")

app = Celery("suite", task_cls="suite.kernel.tasks:SuiteTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_structured_logs(**_kwargs: object) -> None:
    """Celery would replace the handlers that `suite.kernel.logs` has set, and say each failure a second time."""
    logging.getLogger("celery.app.trace").addFilter(is_news)
