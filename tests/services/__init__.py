"""Tests of the events and markets services, and of the frame in `shared` that carries them."""
