-- Every statement the floor runs, by name. `storage.queries` reads this file; schema changes live in `migrations/`.

-- name: cursor
SELECT cursor FROM cursors WHERE network = ?;

-- name: move_cursor
INSERT INTO cursors (network, cursor) VALUES (?, ?)
ON CONFLICT (network) DO UPDATE SET cursor = excluded.cursor;

-- name: keep
INSERT INTO inbox (network, key, body, seed, received_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (network, key) DO NOTHING;

-- name: keep_handled
INSERT INTO inbox (network, key, body, seed, received_at, state, done_at) VALUES (?, ?, ?, ?, ?, 'done', ?)
ON CONFLICT (network, key) DO NOTHING;

-- name: keep_batch
INSERT INTO batches (network, body, received_at) VALUES (?, ?, ?) RETURNING id;

-- name: batches
SELECT id, body FROM batches WHERE network = ? ORDER BY id;

-- name: forget_batch
DELETE FROM batches WHERE network = ? AND id = ?;

-- name: waiting
SELECT id, network, key, body, seed, received_at FROM inbox WHERE state = 'waiting' ORDER BY id LIMIT ?;

-- name: handled
UPDATE inbox SET state = ?, done_at = ?, error = ? WHERE id = ? AND state = 'waiting';

-- name: blank_inbox
UPDATE inbox SET body = '' WHERE state = 'done' AND done_at < ? AND body != '';

-- name: forget_inbox
DELETE FROM inbox WHERE state = 'done' AND done_at < ? AND body = '';

-- name: add_send
INSERT INTO outbox (token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch,
    not_after, again, state, created_at, not_before, message, reason, place, amends)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: unsent
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE state IN ('pending', 'inflight') ORDER BY id;

-- name: newest_send
SELECT coalesce(max(id), 0) FROM outbox;

-- name: row
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE token = ?;

-- name: claim
UPDATE outbox SET state = 'inflight', claimed_at = ?1, first_claimed_at = coalesce(first_claimed_at, ?1)
WHERE token = ?2 AND state = 'pending';

-- name: arrived
UPDATE outbox SET message = ?, handle = ?, payload = coalesce(?, payload) WHERE token = ? AND state = 'inflight';

-- name: change_send
UPDATE outbox SET
    state = ?2,
    message = coalesce(?3, message),
    handle = coalesce(?12, handle),
    reason = ?4,
    not_before = ?5,
    network = coalesce(?6, network),
    room = coalesce(?7, room),
    topic = CASE WHEN ?6 IS NULL THEN topic ELSE ?8 END,
    payload = coalesce(?9, payload),
    epoch = coalesce(?10, epoch),
    claimed_at = CASE ?2 WHEN 'pending' THEN NULL ELSE claimed_at END,
    first_claimed_at = CASE WHEN ?13 THEN NULL ELSE first_claimed_at END,
    done_at = CASE WHEN ?2 IN ('pending', 'inflight') THEN NULL ELSE ?11 END
WHERE token = ?1 AND state IN ('pending', 'inflight', 'unknown');

-- name: redirect_chat
UPDATE outbox SET network = ?, room = ?, topic = coalesce(topic, ?)
WHERE network = ? AND room = ? AND state = 'pending';

-- name: redirect_topic
UPDATE outbox SET network = ?, room = ?, topic = ?
WHERE network = ? AND room = ? AND topic = ? AND state = 'pending';

-- name: sent_message
SELECT token, stream, about, partner, network, room, topic, payload FROM outbox
WHERE network = ? AND room = ? AND message = ? ORDER BY id DESC LIMIT 1;

-- name: rows_of_message
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE network = ? AND room = ? AND message = ? AND (payload = '' OR payload ->> 'kind' = 'message') ORDER BY id;

-- name: copies
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE id IN (
    WITH said AS (
        SELECT id, token FROM outbox
        WHERE stream = ? AND about = ? AND substr(about, 1, 2) = 'S-' AND payload NOT GLOB '{"kind":"react"*' AND payload NOT GLOB '{"kind":"edit"*'
    )
    SELECT id FROM said
    UNION ALL
    SELECT (
        SELECT max(id) FROM outbox
        WHERE amends = said.token AND state = became.column1 AND payload GLOB '{"kind":"edit"*'
    ) FROM said, (VALUES ('sent'), ('refused'), ('unknown'), ('dropped')) AS became
    UNION ALL
    SELECT edit.id FROM said JOIN outbox AS edit
    ON edit.amends = said.token AND edit.state IN ('pending', 'inflight') AND edit.payload GLOB '{"kind":"edit"*'
) ORDER BY id;

-- name: reactions
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE id IN (
    SELECT max(id) FROM outbox
    WHERE stream = ?1 AND about = ?2 AND network = ?3 AND room = ?4 AND payload GLOB '{"kind":"react"*' AND state != 'dropped'
        AND id < coalesce((SELECT id FROM outbox WHERE token = ?5), 9223372036854775807)
    GROUP BY payload ->> 'emoji', payload ->> 'sign', state, reason
) ORDER BY id;

-- name: recaps
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE stream = ? AND about GLOB '#*' AND instr(about || ' ', ' ' || ? || ' ') ORDER BY id;

-- name: by_handle
SELECT token, send, stream, network, room, topic, urgency, payload, about, partner, part, shows, epoch, not_after, again,
    id, state, created_at, claimed_at, first_claimed_at, not_before, message, reason, place
FROM outbox WHERE network = ? AND handle = ? ORDER BY id DESC LIMIT 1;

-- name: say
INSERT INTO said (stream, said, network, room, topic, message, facts, body, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (stream, said) DO UPDATE SET facts = excluded.facts, body = excluded.body;

-- name: said
SELECT stream, said, network, room, topic, message, facts, body, at FROM said WHERE stream = ? AND said = ?;

-- name: said_at
SELECT stream, said, network, room, topic, message, facts, body, at FROM said WHERE network = ? AND room = ? AND message = ?
ORDER BY at DESC LIMIT 1;

-- name: last_said
SELECT stream, said, network, room, topic, message, facts, body, at FROM said WHERE network = ? AND room = ?
ORDER BY at DESC LIMIT 1;

-- name: first_in_topic
SELECT stream, said, network, room, topic, message, facts, body, at FROM said
WHERE stream = ? AND network = ? AND room = ? AND topic = ? ORDER BY CAST(substr(said, 3) AS INTEGER) LIMIT 1;

-- name: thread
INSERT INTO threads (stream, said, network, room, topic) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: thread_of
SELECT stream, said FROM threads WHERE network = ? AND room = ? AND topic = ?;

-- name: place_of
SELECT topic FROM threads WHERE stream = ? AND said = ? AND network = ? AND room = ?;

-- name: polled
SELECT stream, said, network, room, topic, message, facts, body, at FROM said
WHERE network = ? AND body ->> '$.poll.handle' = ? AND body GLOB '*"handle":"*' ORDER BY at DESC;

-- name: said_together
SELECT stream, said, network, room, topic, message, facts, body, at FROM said
WHERE network = ? AND room = ? AND body ->> '$.file.album' = ? AND body GLOB '*"album":"*' ORDER BY CAST(substr(said, 3) AS INTEGER);

-- name: speakers
SELECT said, facts ->> 'person' FROM said WHERE stream = ? AND said IN (SELECT value FROM json_each(?));

-- name: carried_at
SELECT stream, about FROM outbox WHERE network = ? AND room = ? AND message = ? AND about GLOB 'S-*' ORDER BY id DESC LIMIT 1;

-- name: blank_said
UPDATE said SET body = '', facts = json_set(facts, '$.name', '') WHERE at < ? AND body != '';

-- name: react
INSERT INTO reactions (network, room, message, stream, said, emoji, who) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: reaction
SELECT stream, said, emoji, who FROM reactions WHERE network = ? AND room = ? AND message = ?;

-- name: blank_outbox
UPDATE outbox SET payload = '' WHERE state IN ('sent', 'refused', 'dropped') AND done_at < ? AND payload != ''
AND (about IS NULL OR NOT (about GLOB 'S-*' OR about GLOB '#*' OR about GLOB 'poll S-*'));

-- name: blank_talk
UPDATE outbox SET payload = json_patch('{}',
    json_object('kind', payload ->> 'kind', 'amends', payload ->> 'amends', 'replaces', payload ->> 'replaces'))
WHERE (about GLOB 'S-*' OR about GLOB '#*' OR about GLOB 'poll S-*') AND state IN ('sent', 'refused', 'dropped') AND done_at < ? AND payload ->> 'html' IS NOT NULL;

-- name: fire
UPDATE deadlines SET fired_at = ? WHERE key = ? AND fired_at IS NULL;

-- name: unwake
DELETE FROM deadlines WHERE key = ? AND fired_at IS NULL;

-- name: postpone
UPDATE deadlines SET at = at + ? WHERE stream = ? AND fired_at IS NULL;

-- name: wake
INSERT INTO deadlines (key, stream, at, kind, about) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET stream = excluded.stream, at = excluded.at, kind = excluded.kind, about = excluded.about,
    fired_at = NULL;

-- name: due
SELECT key, stream, at, kind, about FROM deadlines WHERE fired_at IS NULL AND at <= ? ORDER BY at, key LIMIT ?;

-- name: next_deadline
SELECT min(at) FROM deadlines WHERE fired_at IS NULL;

-- name: open_deadlines
SELECT key FROM deadlines WHERE fired_at IS NULL AND kind IN (SELECT value FROM json_each(?));

-- name: forget_deadlines
DELETE FROM deadlines WHERE fired_at < ?;

-- name: count
INSERT INTO counters (letter, highest) VALUES (?, ?)
ON CONFLICT (letter) DO UPDATE SET highest = max(highest, excluded.highest);

-- name: counters
SELECT letter, highest FROM counters;

-- name: add_playbook
INSERT INTO playbooks (digest, body) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING;

-- name: playbook
SELECT body FROM playbooks WHERE digest = ?;

-- name: streams
SELECT stream, size, edge FROM streams ORDER BY stream;

-- name: streams_named
SELECT stream, size, edge FROM streams WHERE stream IN (SELECT value FROM json_each(?));

-- name: set_stream
INSERT INTO streams (stream, size, edge) VALUES (?, ?, ?)
ON CONFLICT (stream) DO UPDATE SET size = excluded.size, edge = excluded.edge;

-- name: add_entry
INSERT INTO entries (stream, seq, type, entry, leaf) VALUES (?, ?, ?, ?, ?);

-- name: add_disclosures
INSERT INTO disclosures (stream, seq, body, personal) VALUES (?, ?, ?, ?);

-- name: add_personal
INSERT INTO personal (stream, seq, key, body) VALUES (?, ?, ?, ?);

-- name: doom
INSERT INTO doomed (key) VALUES (?) ON CONFLICT (key) DO NOTHING;

-- name: doomed
SELECT key FROM doomed ORDER BY key;

-- name: forget_doomed
DELETE FROM doomed;

-- name: personal_keys
SELECT DISTINCT key FROM personal;

-- name: personal_of
SELECT DISTINCT stream, seq FROM personal
WHERE key IN (SELECT value FROM json_each(?1))
    OR (instr(key, ' ') AND EXISTS (SELECT 1 FROM json_each(?1) WHERE instr(' ' || key || ' ', ' ' || value || ' ')))
ORDER BY stream, seq;

-- name: disclosures_at
SELECT body FROM disclosures WHERE stream = ? AND seq = ?;

-- name: set_disclosures
UPDATE disclosures SET body = ? WHERE stream = ? AND seq = ?;

-- name: personal_at
SELECT key, body FROM personal WHERE stream = ? AND seq = ?;

-- name: set_personal
UPDATE personal SET body = ? WHERE stream = ? AND seq = ? AND key = ?;

-- name: forget_person
DELETE FROM personal WHERE key = ?1 OR (instr(key, ' ') AND instr(' ' || key || ' ', ' ' || ?1 || ' '));

-- name: forget_disclosures
DELETE FROM disclosures WHERE stream = ? AND seq < ?;

-- name: forget_personal
DELETE FROM personal WHERE stream = ? AND seq < ?;

-- name: forget_said
DELETE FROM said WHERE stream = ?;

-- name: forget_reactions
DELETE FROM reactions WHERE stream = ?;

-- name: forget_sent
UPDATE outbox SET payload = '' WHERE stream = ? AND state IN ('sent', 'refused', 'dropped', 'unknown');

-- name: forget_sent_to
DELETE FROM outbox WHERE network = ? AND room = ? AND state IN ('sent', 'refused', 'dropped', 'unknown');

-- name: forget_sent_with
UPDATE outbox SET payload = '', reason = NULL
WHERE state IN ('sent', 'refused', 'dropped', 'unknown') AND (instr(payload || ' ' || coalesce(reason, ''), ?1) OR instr(payload, ?2));

-- name: forget_failed_with
UPDATE inbox SET error = NULL WHERE instr(error, ?1) OR instr(error, ?2);

-- name: forget_heard
UPDATE inbox SET body = '' WHERE state != 'waiting' AND done_at <= ? AND body != '';

-- name: add_node
INSERT INTO nodes (stream, level, position, hash) VALUES (?, ?, ?, ?);

-- name: entries
SELECT e.seq, e.entry, d.body, CASE WHEN d.personal > 0 THEN (
    SELECT json_group_array(json_array(p.key, hex(p.body))) FROM personal p WHERE p.stream = e.stream AND p.seq = e.seq
) END
FROM entries e LEFT JOIN disclosures d ON d.stream = e.stream AND d.seq = e.seq
WHERE e.stream = ? AND e.seq >= ? ORDER BY e.seq LIMIT ?;

-- name: entries_of_kinds
SELECT e.seq, e.entry, d.body, CASE WHEN d.personal > 0 THEN (
    SELECT json_group_array(json_array(p.key, hex(p.body))) FROM personal p WHERE p.stream = e.stream AND p.seq = e.seq
) END
FROM entries e LEFT JOIN disclosures d ON d.stream = e.stream AND d.seq = e.seq
WHERE e.stream = ? AND e.type IN (SELECT value FROM json_each(?)) ORDER BY e.seq;

-- name: evidence
SELECT e.type, d.body FROM entries e LEFT JOIN disclosures d ON d.stream = e.stream AND d.seq = e.seq
WHERE e.stream = ? AND e.type IN ('CheckpointCosigned', 'CheckpointStamped', 'KeyReplaced') ORDER BY e.seq;

-- name: replaced_keys
SELECT e.rowid, d.body FROM entries e JOIN disclosures d ON d.stream = e.stream AND d.seq = e.seq
WHERE e.stream = ? AND e.type = 'KeyReplaced' AND d.body IS NOT NULL ORDER BY e.seq;

-- name: size_before
SELECT seq + 1 FROM entries WHERE stream = ? AND rowid < ? ORDER BY seq DESC LIMIT 1;

-- name: checkpoints_of
SELECT note FROM checkpoints WHERE stream = ? ORDER BY size DESC;

-- name: hashes
SELECT w.value ->> 0, w.value ->> 1,
    CASE w.value ->> 0
        WHEN 0 THEN (SELECT leaf FROM entries WHERE stream = ?1 AND seq = w.value ->> 1)
        ELSE (SELECT hash FROM nodes WHERE stream = ?1 AND level = w.value ->> 0 AND position = w.value ->> 1)
    END
FROM json_each(?2) AS w;

-- name: incidents
SELECT o.stream, o.entry, d.body, c.entry, s.size
FROM entries o
JOIN streams s ON s.stream = o.stream
LEFT JOIN disclosures d ON d.stream = o.stream AND d.seq = o.seq
LEFT JOIN entries c ON c.stream = o.stream AND c.type = 'IncidentClosed'
WHERE o.type = 'IncidentOpened' ORDER BY o.rowid;

-- name: latest_checkpoints
SELECT c.stream, c.size, c.root, c.note FROM streams s
JOIN checkpoints c ON c.stream = s.stream AND c.size = (SELECT max(size) FROM checkpoints WHERE stream = s.stream);

-- name: checkpoint
SELECT note FROM checkpoints WHERE stream = ? ORDER BY size DESC LIMIT 1;

-- name: add_checkpoint
INSERT INTO checkpoints (stream, size, root, note, signed_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (stream, size) DO UPDATE SET note = excluded.note, signed_at = excluded.signed_at WHERE root = excluded.root;

-- name: add_signer
INSERT INTO signers (vkey, since) VALUES (?, ?) ON CONFLICT (vkey) DO NOTHING;

-- name: signers
SELECT vkey, since FROM signers ORDER BY since;

-- name: data_version
PRAGMA data_version;
