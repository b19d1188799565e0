"""Makes the guide-driven model: each stage is a command, and the package itself runs all."""
