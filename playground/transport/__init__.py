"""The servers: REST, gateway, and their faults on demand."""
