"""Runners decide when the engine works, never what it computes."""
