"""A Studer gateway: the wire to Studer devices: manifest; the code is in `devices/studer`."""
