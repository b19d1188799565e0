"""Discord's protocol: operations, objects, events, refusals."""
