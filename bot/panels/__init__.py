"""The panels ``/settings`` and ``/server``."""
