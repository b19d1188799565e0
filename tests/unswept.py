"""Imported first by the process that others are forked from: what they share is never garbage."""

import gc

gc.disable()
