"""Mutated inputs for every way in: mutate.py makes them, ways.py says where they go, watch.py what
they cost.
"""
