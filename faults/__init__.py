"""The two kinds of error that people see; everything may import them, and they import nothing.

Every error that is meant for people derives from one of them, and which one says whose turn it is.
The errors carry data. A `UserError` is worded in one place, `bot.text.wording`, in the person's
language; the text of a `HostError` is one English sentence, for whoever reads logs and terminals.
Errors that stay inside the code, such as signals between two functions, derive from neither.
"""


class UserError(Exception):
    """Something that the person who asked can mend, by asking for something else or differently."""


class HostError(Exception):
    """Something that whoever runs Easel can mend; its text is one sentence that says what."""
