"""Buttons, forms and menus."""
