"""A site in software that speaks the real wire protocols."""
