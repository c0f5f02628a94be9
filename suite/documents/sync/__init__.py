"""Writing together: the protocol, the replica that a process holds of an open document, and its store."""
