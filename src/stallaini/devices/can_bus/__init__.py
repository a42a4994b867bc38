"""The CAN wire: the frame, the supervised reader that never transmits, and a bus for tests and demos."""
