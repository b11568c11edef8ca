"""Who may do what, over which rows."""
