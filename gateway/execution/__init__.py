"""How an operation is executed; knows nothing of resellers and imports no other room."""
