"""A prompt in the spelling of other programs, with what could not be said there."""
