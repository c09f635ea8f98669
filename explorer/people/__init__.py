"""Who is asking, and what each person may do."""
