"""Own images: a person's zip of images, as a data set like any other.

A zip has a folder for each class, or one CSV of file names and labels. It is read in memory
(`zip_file.py`, `labels_table.py`); nothing of it is ever written under a name that it gives. Each
image is decoded by Pillow and scaled (`picture.py`); what comes out is divided by seed into
training and test images, at least one of each class in both (`making.py`). They are kept as two
plain files under the home folder (`kept.py`): the tensors as safetensors, and a description as
JSON. explorer/own_images.py keeps and deletes them for people.

A recipe names them as "own-ID-CLASSES-CHANNELSxHEIGHTxWIDTH". So a link, a run or a report says
what a network must fit wherever it is opened, also where the images are not: there `find_dataset`
gives a kind that says in its `absent` why nothing can be trained or shown, and all that needs no
images (the network, its run's curves, its weights) works as ever. Where only the images were
deleted, the description of those that a run was trained on stays, for its title and class names.

Titles and class names are seen by everybody who sees a run on them; the images themselves only by
their owner and teachers, who alone may train on them (`people/permissions.py`).
"""
