"""From the text of a summary table to an architecture: reader, table_reading, weighing and
inference, in this order.
"""
