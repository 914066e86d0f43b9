"""From a TOML file to pydantic models to a Pipeline."""
