"""Where entries rest: the Store interface, and SQLite behind it."""
