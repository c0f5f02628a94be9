"""The composition root: settings, addresses, and which app listens to which event."""
