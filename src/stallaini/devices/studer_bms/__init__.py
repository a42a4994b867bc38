"""The battery behind a Studer system: manifest and what is asked of it; the code is in `devices/studer`."""
