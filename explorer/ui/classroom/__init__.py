"""Class: what a teacher sees of everybody, and sets for them."""
