"""What both ends of the metered link share: messages, minute codec, security contexts, transport."""
