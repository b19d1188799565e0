"""Tests of training, on artwork made on the fly."""
