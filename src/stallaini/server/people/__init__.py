"""Accounts, roles, sessions, invitations, tokens, and what holds against guessing."""
