"""The media server beside its peers: one publisher to many subscribers, in turn, in one run."""
