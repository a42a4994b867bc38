"""The life of alarms on the server, and how people come to know of them."""
