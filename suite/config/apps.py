"""The composition root as an app: when all apps are loaded, it ties listeners to events."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "suite.config"

    def ready(self) -> None:
        from suite.config import celery, wiring  # noqa: PLC0415  (models load first)

        celery.app.set_default()  # a task's `delay` finds our broker from every process
        wiring.tie()
