"""Training pictures: sources, the decoded pool, crops on the device, the color prior."""
