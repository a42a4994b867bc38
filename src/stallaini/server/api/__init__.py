"""The HTTP API: routes, what they show, who may use them."""
