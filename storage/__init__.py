"""Tables, statements and the database itself: the lowest room, which imports no other."""
