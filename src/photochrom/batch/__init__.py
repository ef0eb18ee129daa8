"""Many pictures: a ledger of what is done, workers that may die, and folders that are watched."""
