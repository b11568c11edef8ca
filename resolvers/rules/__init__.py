"""The rules of the business: pure functions with no I/O, and no clock but an argument."""
