"""The words clients see: the only room that declares GraphQL types."""
