"""How a bot reaches the stand-in: REST, the gateway, and faults on demand."""
