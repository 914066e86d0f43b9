"""The machine of a ``Process``: state by key and window, timers, and what a person's code sees."""
