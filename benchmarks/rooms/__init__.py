"""A room in which all have their cameras on: a few speak, everybody sees 25 small pictures."""
