"""The gallery: finished drawings by their words, and links by which one is shown."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SQLITE = (
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


# What is drawn already is put in by the bot, a little at a time, so that nobody waits for it. All
# tables are new and empty, so no index has to be built beside writers.
def upgrade() -> None:
    op.create_table(
        "gallery",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("deleted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_gallery_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery")),
    )
    op.create_index(op.f("ix_gallery_job_id"), "gallery", ["job_id"], unique=True)
    op.create_index("ix_gallery_person_id_id", "gallery", ["person_id", "id"])
    op.create_index(
        "ix_gallery_server_id_id_channel_id", "gallery", ["server_id", "id", "channel_id"]
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_gallery_words ON gallery USING gin (to_tsvector('simple', words))"
        )
    else:
        for statement in SQLITE:
            op.execute(statement)
    op.create_table(
        "share_links",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("recipe", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_share_links_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_share_links")),
    )
    for column in ("job_id", "person_id", "expires_at"):
        op.create_index(op.f(f"ix_share_links_{column}"), "share_links", [column])


def downgrade() -> None:
    op.drop_table("share_links")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE gallery_words")
    op.drop_table("gallery")
