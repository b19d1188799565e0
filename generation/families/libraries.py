"""Keeps the libraries that models run on from writing to the log and the terminal."""

import warnings

import diffusers
import transformers


def quiet() -> None:
    """Keep diffusers and transformers from logging and from drawing progress bars.

    They report on what is as it should be; what is not reaches us as an exception.
    """
    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.set_verbosity_error()
        library.disable_progress_bar()
    # Chroma's transformer imports it by the name that diffusers has given up.
    warnings.filterwarnings("ignore", ".FluxPosEmbed. is deprecated", FutureWarning)
