"""The program on the site: reading, sampling, journal and uplink."""
