"""ONNX files: model.py parses the bytes, network.py follows the graph and is the way in.

operators.py has a row for each operator, patterns.py the layers that are several nodes; numbers.py
computes shapes, and reading.py holds what is known so far.
"""
