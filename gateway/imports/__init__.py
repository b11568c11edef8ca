"""Bringing clients in from a file: what is read, what is refused and why, and what is written once only."""

from gateway.imports.clients import Report, import_file
from gateway.imports.reading import CannotImportError

__all__ = ["CannotImportError", "Report", "import_file"]
