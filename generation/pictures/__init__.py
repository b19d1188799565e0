"""Finished pictures: grids, metadata, canvases."""
