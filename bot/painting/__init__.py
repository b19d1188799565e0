"""The page for painting over pictures: links to it, its web server, what is sent there."""
