"""A lesson: a text of some steps beside the work, and what is shown of the explorer meanwhile."""
