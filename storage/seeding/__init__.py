"""Realistic demo data: everything that `gateway seed` puts into an empty database."""

from storage.seeding.demo import Account, NotEmptyError, Shape, accounts, is_empty, seed

__all__ = ["Account", "NotEmptyError", "Shape", "accounts", "is_empty", "seed"]
