"""Rules are tested by properties, however slow the machine is just then."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
