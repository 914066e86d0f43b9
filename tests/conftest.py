"""Settings of all tests."""

import os

from hypothesis import settings

# Under CI the same examples are drawn every time, so that a change is judged by what it changes; elsewhere
# every run draws new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
