"""Training: recipes, the loop, checkpoints, contact sheets."""
