"""What says of a picture where it is from: a number in its pixels, a signature in its file."""
