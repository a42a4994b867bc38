"""The whole system under a virtual clock: twin, wires, edge, link, server, API."""
