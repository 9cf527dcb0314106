-- Times are whole microseconds since 1970-01-01T00:00:00Z. Rooms are (network, room, topic): the network's own identifiers.

-- What the networks told us, as it came. The key stays after the body is blanked, so that a repetition is known as one.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    network TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    seed BLOB NOT NULL CHECK (length(seed) = 16),
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
    done_at INTEGER,
    error TEXT,
    UNIQUE (network, key)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (id) WHERE state = 'waiting';

-- Raw responses that are kept whole before they are taken apart.
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    network TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE cursors (
    network TEXT PRIMARY KEY,
    cursor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is on its way to the networks. A token is never used again.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    send TEXT NOT NULL,
    stream TEXT NOT NULL,
    network TEXT NOT NULL,
    room TEXT NOT NULL,
    topic TEXT,
    urgency INTEGER NOT NULL,
    payload TEXT NOT NULL,
    key_id TEXT,
    about TEXT,
    partner TEXT,
    part INTEGER NOT NULL,
    shows INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    not_after INTEGER,
    again INTEGER NOT NULL,
    place INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'inflight', 'sent', 'refused', 'unknown', 'dropped')),
    created_at INTEGER NOT NULL,
    claimed_at INTEGER,
    first_claimed_at INTEGER,
    not_before INTEGER,
    done_at INTEGER,
    message TEXT,
    handle TEXT,
    reason TEXT,
    amends TEXT
) STRICT;
CREATE INDEX outbox_unsent ON outbox (id) WHERE state IN ('pending', 'inflight');
CREATE INDEX outbox_message ON outbox (network, room, message) WHERE message IS NOT NULL;
CREATE INDEX outbox_handle ON outbox (network, handle) WHERE handle IS NOT NULL;
CREATE INDEX outbox_recap ON outbox (stream) WHERE about GLOB '#*';
-- Not GLOB, for which SQLite would look through all that was said in the stream.
CREATE INDEX outbox_said ON outbox (stream, about) WHERE substr(about, 1, 2) = 'S-' AND payload NOT GLOB '{"kind":"react"*' AND payload NOT GLOB '{"kind":"edit"*';
-- Whoever changes what they said, again and again, has the last change of each message read, and not each.
CREATE INDEX outbox_edit ON outbox (amends, state) WHERE payload GLOB '{"kind":"edit"*';
-- A member may react as often as they like: nothing else is read more slowly for it.
CREATE INDEX outbox_reaction
ON outbox (stream, about, network, room, payload ->> 'emoji', payload ->> 'sign', state, reason)
WHERE payload GLOB '{"kind":"react"*';

-- What was said in channels, by where it stands: an index of the log, with what the log does not hold (where a file is to be had).
CREATE TABLE said (
    stream TEXT NOT NULL,
    said TEXT NOT NULL,
    network TEXT NOT NULL,
    room TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    facts TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (stream, said)
) STRICT, WITHOUT ROWID;
CREATE INDEX said_where ON said (network, room, message);
-- Files that were sent together.
CREATE INDEX said_album ON said (network, room, body ->> '$.file.album') WHERE body GLOB '*"album":"*';
-- Polls, by the second name that their networks give them.
CREATE INDEX said_poll ON said (network, body ->> '$.poll.handle') WHERE body GLOB '*"handle":"*';
-- What was said in a topic, in the order in which it was heard: ids count up.
CREATE INDEX said_topic ON said (stream, network, room, topic, CAST(substr(said, 3) AS INTEGER)) WHERE topic IS NOT NULL;

-- Topics that were made for threads which began in other rooms; empty where nobody knows whether one was made.
CREATE TABLE threads (
    stream TEXT NOT NULL,
    said TEXT NOT NULL,
    network TEXT NOT NULL,
    room TEXT NOT NULL,
    topic TEXT NOT NULL,
    PRIMARY KEY (stream, said, network, room)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX threads_topic ON threads (network, room, topic) WHERE topic != '';

CREATE TABLE reactions (
    network TEXT NOT NULL,
    room TEXT NOT NULL,
    message TEXT NOT NULL,
    stream TEXT NOT NULL,
    said TEXT NOT NULL,
    emoji TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (network, room, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE deadlines (
    key TEXT PRIMARY KEY,
    stream TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    fired_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX deadlines_open ON deadlines (at, key) WHERE fired_at IS NULL;

-- The log. A stream's row has its tree's right edge (the roots of its whole subtrees, largest first, 32 bytes each).
CREATE TABLE streams (
    stream TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size > 0),
    edge BLOB NOT NULL CHECK (length(edge) % 32 = 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    entry BLOB NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    UNIQUE (stream, seq)
) STRICT;
CREATE INDEX entries_of_evidence ON entries (stream, seq) WHERE type IN ('CheckpointCosigned', 'CheckpointStamped', 'KeyReplaced');
CREATE INDEX entries_of_incidents ON entries (type, stream) WHERE type IN ('IncidentOpened', 'IncidentClosed');

-- Salts and values beside the entries that commit to them: what can be withheld from a reader, and erased. ``personal``: how many
-- persons more are in the next table.
CREATE TABLE disclosures (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL,
    personal INTEGER NOT NULL,
    UNIQUE (stream, seq)
) STRICT;

-- What is a person's own, sealed under a key that is kept elsewhere: without the key it is forgotten.
CREATE TABLE personal (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (stream, seq, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_by_key ON personal (key);

-- Keys that are to be destroyed: what a crash leaves here is done at the next start.
CREATE TABLE doomed (
    key TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The roots of the tree's whole subtrees above its leaves, so that proofs hash nothing again.
CREATE TABLE nodes (
    stream TEXT NOT NULL,
    level INTEGER NOT NULL CHECK (level > 0),
    position INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (stream, level, position)
) STRICT, WITHOUT ROWID;

-- One root for each size of a stream, for ever: the key sees to it.
CREATE TABLE checkpoints (
    stream TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    signed_at INTEGER NOT NULL,
    PRIMARY KEY (stream, size)
) STRICT, WITHOUT ROWID;

-- The keys that have signed for this deployment.
CREATE TABLE signers (
    vkey TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    letter TEXT PRIMARY KEY,
    highest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE playbooks (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
