"""The commands of `python -m explorer`, a module each: it is imported once its command is
chosen.
"""
