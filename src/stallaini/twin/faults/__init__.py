"""What may go wrong in the house and on its wires, on demand."""
