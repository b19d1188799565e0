"""Families of models: the code half of the catalogue, one file each."""
