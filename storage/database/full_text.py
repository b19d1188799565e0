"""How the words of the gallery are indexed: the one thing that SQLAlchemy has no word for."""

from typing import Final

from sqlalchemy import DDL, event

from storage.database.tables import GalleryRow

SQLITE: Final = (
    """
    CREATE VIRTUAL TABLE gallery_words USING fts5(
        words, content='gallery', content_rowid='id', prefix='2 3',
        tokenize='unicode61 remove_diacritics 0'
    )
    """,
    """
    CREATE TRIGGER gallery_words_added AFTER INSERT ON gallery BEGIN
        INSERT INTO gallery_words(rowid, words) VALUES (new.id, new.words);
    END
    """,
    """
    CREATE TRIGGER gallery_words_gone AFTER DELETE ON gallery BEGIN
        INSERT INTO gallery_words(gallery_words, rowid, words)
        VALUES ('delete', old.id, old.words);
    END
    """,
    """
    CREATE TRIGGER gallery_words_changed AFTER UPDATE OF words ON gallery BEGIN
        INSERT INTO gallery_words(gallery_words, rowid, words)
        VALUES ('delete', old.id, old.words);
        INSERT INTO gallery_words(rowid, words) VALUES (new.id, new.words);
    END
    """,
)
"""SQLite's index, which triggers keep. What is deleted stays in it until it is optimised
(:data:`OPTIMIZE`)."""

POSTGRESQL: Final = (
    "CREATE INDEX ix_gallery_words ON gallery USING gin (to_tsvector('simple', words))",
)
"""PostgreSQL's."""

OPTIMIZE: Final = "INSERT INTO gallery_words(gallery_words) VALUES ('optimize')"
"""Takes what was deleted out of SQLite's index."""

for _dialect, _statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for _statement in _statements:
        # SQLAlchemy gives no types to what is called with a statement alone.
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(GalleryRow.__table__, "after_create", _ddl.execute_if(dialect=_dialect))
