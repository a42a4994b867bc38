"""Ports: a serial line or a TCP connection as bytes out, bytes in, for devices that are asked."""
