"""What the arena thinks: selection, prompts, guards, decisions, budgets and the board, without any I/O."""
