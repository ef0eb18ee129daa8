"""Losses: functions from predictions and targets to one number each."""
