"""The lab: real edge and server code under virtual time, on a simulated network and disk."""
