"""What a class needs beside networks and runs: its people."""
