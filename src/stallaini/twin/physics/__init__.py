"""The house itself: sun, panels, battery, inverter, generator, water, people. Knows no wire."""
