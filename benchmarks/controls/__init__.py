"""What the controls do to the bundled model's pictures, measured with the judge beside it."""
