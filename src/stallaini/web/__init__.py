"""The dashboard: a client of the server's HTTP API (TypeScript; built into static/)."""
