"""The language people type: text to prompt, prompt to recipe. Pure."""
