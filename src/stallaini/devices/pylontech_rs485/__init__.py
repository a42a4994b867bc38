"""Pylontech low-voltage batteries on their RS485 port (protocol V3.3): every module, every cell."""
