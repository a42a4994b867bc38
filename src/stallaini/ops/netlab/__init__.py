"""Small real networks on one machine: namespaces, loss, slow cables, tunnels, and a counter of bytes."""
