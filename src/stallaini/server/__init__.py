"""The program people reach: ingest, store, people and the HTTP API."""
