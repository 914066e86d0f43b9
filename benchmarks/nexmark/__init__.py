"""The NEXMark queries as Pulse pipelines: ``python -m benchmarks.nexmark --help``."""
