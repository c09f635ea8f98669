"""The Board page: a class at one glance."""
