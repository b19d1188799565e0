"""Every sentence that people read, in every language."""
