"""The benchmark: one command that loads this gateway and its peers over one database, and compares them."""
