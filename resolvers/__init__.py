"""How each field is answered and each change is made, in plain Python: no GraphQL, no HTTP."""
