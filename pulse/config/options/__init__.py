"""The tables of a config file as pydantic models: one file per concern, one model per kind."""
