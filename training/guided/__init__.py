"""Makes the guide-driven model: stage by stage, each a command, ``run`` for all of them."""
