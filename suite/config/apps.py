"""The composition root as an app: when all apps are loaded, it ties listeners to events."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "suite.config"

    def ready(self) -> None:
        from suite.config import wiring  # noqa: PLC0415  (models load first)

        wiring.tie()
