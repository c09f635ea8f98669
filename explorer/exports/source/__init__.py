"""Exported PyTorch source as text: which classes it has, and how they read."""
