"""PyTorch source as it stands in files and notebooks, read without being executed.

networks.py is the way in: it finds the networks in a text. reading.py parses the text;
interpreter.py follows what the code would do with an image of which nothing but its shape is known,
by statements.py, expressions.py and calls.py; graph.py keeps what is done to the image, and
folding.py makes a tree of layers and blocks of that. image.py finds how large the images are.
"""
