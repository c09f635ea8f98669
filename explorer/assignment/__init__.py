"""What a teacher asks of networks and their runs, and whether it holds."""
