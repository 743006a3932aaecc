-- The tables of the SQLite store. Each table of a record has the columns of that record and no others; records
-- inside it (content, fingerprint) are laid out flat. Times are ISO 8601 text with Z, lists are JSON.
-- `row` is the number under which other tables mean the record: it survives VACUUM, which rowid would not.
--
-- PRAGMA user_version counts changes of this file; pipelines/stores/sqlite/database.py reads it.

CREATE TABLE IF NOT EXISTS articles ( -- Article
    row INTEGER PRIMARY KEY,
    article_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    url TEXT NOT NULL,
    external_id TEXT,
    source TEXT,
    title TEXT,
    description TEXT,
    author TEXT,
    published TEXT,
    published_from TEXT,
    language TEXT,
    body TEXT NOT NULL,
    dropped TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    modified TEXT,
    modified_from TEXT,
    date_doubt TEXT,
    site_name TEXT,
    section TEXT,
    image TEXT,
    byline TEXT,
    layout TEXT NOT NULL DEFAULT '',
    hits TEXT NOT NULL,
    dropped_hits TEXT NOT NULL DEFAULT '[]', -- DroppedHit
    observations TEXT NOT NULL,
    revision INTEGER NOT NULL,
    first_seen TEXT NOT NULL,
    canonical_id TEXT,
    copies TEXT NOT NULL,
    story_id TEXT
) STRICT;

-- NULL is the smallest value to SQLite, so undated articles come last here.
CREATE INDEX IF NOT EXISTS articles_latest ON articles (published DESC, article_id);

-- The normalised tokens of title and body (pipelines.rules.tokens.normalise.index_text); rowid = articles.row.
-- They hold letters and digits only: the tokenizer has nothing to fold.
CREATE VIRTUAL TABLE IF NOT EXISTS articles_text USING fts5 (
    title_tokens, body_tokens, tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TABLE IF NOT EXISTS revisions ( -- ArticleContent
    article_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    url TEXT NOT NULL,
    external_id TEXT,
    source TEXT,
    title TEXT,
    description TEXT,
    author TEXT,
    published TEXT,
    published_from TEXT,
    language TEXT,
    body TEXT NOT NULL,
    dropped TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    modified TEXT,
    modified_from TEXT,
    date_doubt TEXT,
    site_name TEXT,
    section TEXT,
    image TEXT,
    byline TEXT,
    layout TEXT NOT NULL DEFAULT '',
    hits TEXT NOT NULL,
    dropped_hits TEXT NOT NULL DEFAULT '[]', -- DroppedHit
    PRIMARY KEY (article_id, digest)
) STRICT;

CREATE TABLE IF NOT EXISTS memory ( -- MemoryEntry
    row INTEGER PRIMARY KEY,
    article_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    source TEXT,
    title_key INTEGER NOT NULL,
    published TEXT,
    first_seen TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    shingles BLOB NOT NULL,
    numbers BLOB NOT NULL,
    copy_keys TEXT NOT NULL,
    story_features BLOB NOT NULL,
    story_keys TEXT NOT NULL,
    canonical_id TEXT NOT NULL,
    story_id TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS memory_by_canonical_id ON memory (canonical_id);
CREATE INDEX IF NOT EXISTS memory_by_story_id ON memory (story_id);
CREATE INDEX IF NOT EXISTS memory_by_first_seen ON memory (first_seen);

-- Posting lists: which entries (memory.row) have a copy key, and which canonical ones a story key.
CREATE TABLE IF NOT EXISTS copy_postings (
    key INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (key, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS story_postings (
    key INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (key, entry)
) STRICT, WITHOUT ROWID;

-- Keys of either list that link nothing: an outlet's boilerplate, and what too many stories are told with.
CREATE TABLE IF NOT EXISTS common_keys (
    key INTEGER PRIMARY KEY
) STRICT;

-- Stories that a regrouping is writing.
CREATE TABLE IF NOT EXISTS unfinished (
    story_id TEXT PRIMARY KEY
) STRICT;

CREATE TABLE IF NOT EXISTS changes ( -- GroupChange
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    grouping TEXT NOT NULL,
    change TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    article_ids TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS changes_by_time ON changes (at, id);

CREATE TABLE IF NOT EXISTS stories ( -- Story
    id TEXT PRIMARY KEY,
    title TEXT,
    first_published TEXT,
    last_published TEXT,
    article_ids TEXT NOT NULL,
    sources TEXT NOT NULL,
    independent_sources INTEGER NOT NULL,
    first_source TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS alerts ( -- Alert
    id TEXT PRIMARY KEY,
    rule_id TEXT NOT NULL,
    rule_version TEXT NOT NULL,
    story_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    matched_at TEXT NOT NULL,
    matches TEXT NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL DEFAULT 'live',
    thread TEXT,
    severity TEXT,
    former_ids TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE INDEX IF NOT EXISTS alerts_by_story ON alerts (story_id);

CREATE TABLE IF NOT EXISTS outbox ( -- OutboxMessage
    id TEXT PRIMARY KEY,
    alert_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT,
    article_ids TEXT NOT NULL DEFAULT '[]',
    topic TEXT,
    created_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt TEXT NOT NULL,
    delivered_at TEXT,
    last_error TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS outbox_pending ON outbox (next_attempt) WHERE delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_by_alert ON outbox (alert_id);
-- What was sent, and not merely settled (last_error says why).
CREATE INDEX IF NOT EXISTS outbox_spoken ON outbox (topic, delivered_at) WHERE last_error IS NULL;

CREATE TABLE IF NOT EXISTS quarantine ( -- Quarantined
    url TEXT NOT NULL,
    stage TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    archive_record TEXT,
    captured_at TEXT,
    kind TEXT,
    first_seen TEXT,
    last_seen TEXT,
    closed_at TEXT,
    mended_at TEXT,
    PRIMARY KEY (url, stage, reason)
) STRICT;

CREATE TABLE IF NOT EXISTS feeds ( -- FeedState
    url TEXT PRIMARY KEY,
    etag TEXT,
    last_modified TEXT,
    read_at TEXT,
    entries_digest TEXT,
    validators_failed_at TEXT,
    last_success TEXT,
    last_attempt TEXT,
    failures INTEGER NOT NULL,
    last_error TEXT,
    title TEXT,
    entries INTEGER NOT NULL,
    address TEXT,
    moved_to TEXT,
    moved_runs INTEGER NOT NULL DEFAULT 0,
    retired_at TEXT,
    not_before TEXT,
    due TEXT,
    poll_seconds INTEGER,
    newest TEXT,
    degraded TEXT,
    hub TEXT,
    topic TEXT,
    pages TEXT NOT NULL DEFAULT '[]', -- PageRetry
    events TEXT NOT NULL DEFAULT '[]' -- FeedEvent
) STRICT;

CREATE TABLE IF NOT EXISTS runs ( -- RunRecord
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    articles INTEGER NOT NULL,
    new INTEGER NOT NULL,
    revised INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    stories INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    seconds REAL NOT NULL,
    counters TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE TABLE IF NOT EXISTS seen ( -- SeenCapture
    url TEXT PRIMARY KEY,
    payload_digest TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    archive_record TEXT NOT NULL,
    article_id TEXT,
    succeeded_at TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS drift ( -- ExtractionDay
    source TEXT NOT NULL,
    day TEXT NOT NULL,
    samples TEXT NOT NULL,
    PRIMARY KEY (source, day)
) STRICT;

CREATE TABLE IF NOT EXISTS lines ( -- LearnedLine
    source TEXT NOT NULL,
    line TEXT NOT NULL,
    articles INTEGER NOT NULL,
    learned_at TEXT NOT NULL,
    refused_at TEXT,
    PRIMARY KEY (source, line)
) STRICT;
