"""What is run around the programs: demo, history, bench."""
