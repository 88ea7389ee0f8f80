"""What moves bytes between the arena and the providers of models, and what reads these bytes."""
