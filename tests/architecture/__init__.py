"""The rules of the house that no other tool checks, and a deliberate violation of each."""
