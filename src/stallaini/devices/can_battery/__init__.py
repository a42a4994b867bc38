"""A low-voltage battery on a CAN bus: profiles as data, one sans-I/O decoder, detection, a simulator."""
