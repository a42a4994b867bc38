"""The Telegram bot: a client of the server's HTTP API."""
