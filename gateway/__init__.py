"""The process: the only room that knows HTTP."""
