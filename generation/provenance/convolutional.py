"""A convolutional code of rate 1/4 over 64 states, read from soft values by the Viterbi algorithm.

The generators are the best known of that length, free distance 20 (Lin and Costello, *Error Control
Coding*, table 12.1).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 4
"""Coded bits for each bit."""

_MEMORY: Final = 6
_STATES: Final = 1 << _MEMORY
_GENERATORS: Final = (0o135, 0o135, 0o147, 0o163)


def count_coded(bits: int) -> int:
    """How many coded bits a word takes; zeros at its end lead back to the first state."""
    return (bits + _MEMORY) * RATE


def encode(word: NDArray[np.bool_]) -> NDArray[np.float32]:
    """A word of bits as coded bits: 1 and -1."""
    state, coded = 0, []
    for bit in [*word.tolist(), *[False] * _MEMORY]:
        register = (int(bit) << _MEMORY) | state
        coded.append(_OUTPUTS[register])
        state = register >> 1
    return np.concatenate(coded)


def decode(soft: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The words whose coded bits are most alike to soft values.

    Args:
        soft: Of shape (words, coded bits); the sign says which bit, the size how surely.

    Returns:
        Bits of shape (words, bits).
    """
    count, length = len(soft), soft.shape[1] // RATE
    steps = soft.reshape(count, length, RATE)
    best = np.full((count, _STATES), -np.inf, np.float32)
    best[:, 0] = 0
    came = np.empty((length, count, _STATES), np.bool_)
    # A state is reached from two, which differ in the bit that falls out of the register.
    for k in range(length):
        gains = steps[:, k] @ _OUTPUTS.T
        paths = best[:, _BEFORE] + gains[:, _REGISTERS]
        came[k] = paths[..., 1] > paths[..., 0]
        best = paths.max(axis=2)
    state, words = np.zeros(count, np.intp), np.empty((count, length), np.bool_)
    each = np.arange(count)
    for k in range(length - 1, -1, -1):
        words[:, k] = state >= _STATES // 2
        state = _BEFORE[state, came[k, each, state].astype(np.intp)]
    return words[:, :-_MEMORY]


def _list_outputs() -> NDArray[np.float32]:
    """The coded bits of every content of the register, of shape (128, 4)."""
    registers = np.arange(2 * _STATES)
    return np.array(
        [
            [1.0 if (int(one) & generator).bit_count() % 2 else -1.0 for generator in _GENERATORS]
            for one in registers
        ],
        np.float32,
    )


_OUTPUTS: Final = _list_outputs()
_REGISTERS: Final = np.array([[2 * state, 2 * state + 1] for state in range(_STATES)], np.intp)
_BEFORE: Final = _REGISTERS % _STATES
