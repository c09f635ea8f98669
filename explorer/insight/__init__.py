"""What a trained network does with images."""
