"""French as Django has it, but for the words between a day and an hour."""

DATETIME_FORMAT = r"j F Y \à H:i"
