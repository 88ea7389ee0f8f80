"""The pages of the arena: models and events, one event, one session, one model, and two entrants side by side."""
