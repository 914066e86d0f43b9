"""Machines of steps that match the records of several inputs by key."""
