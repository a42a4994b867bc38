"""How each device speaks: one folder each, with its manifest, decoder and simulator."""
