"""The ``pulse`` command: click commands without logic."""
