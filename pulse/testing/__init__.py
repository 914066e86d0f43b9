"""What a person needs to test pipelines, connectors and state backends."""
