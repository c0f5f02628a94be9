"""Writes: rooms, meetings, participations, captures. One file a noun."""
