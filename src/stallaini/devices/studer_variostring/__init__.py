"""A Studer VarioString: manifest and what is asked of it; the code is in `devices/studer`."""
