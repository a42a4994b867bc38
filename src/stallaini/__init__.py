"""Stallaini: see, steer and automate an off-grid energy site that hangs on a metered mobile link."""

__version__ = "0.1.0"
