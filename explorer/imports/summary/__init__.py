"""From the text of a summary table to an architecture: reader, candidates, options, inference, in this order."""
