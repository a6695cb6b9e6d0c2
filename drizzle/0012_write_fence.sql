-- The fence of a write that is one statement: the keys that may write at this moment, and until when. It is done only where
-- a row of this view is what the request was planned on; the rule is that of request_fence_check for the need WRITE.
CREATE VIEW `write_fence` AS
SELECT
  w.id AS workspace_id, w.revision, 'WRITE' AS need, s.hash AS secret_hash, k.version AS key_version,
  min(coalesce(s.valid_until, '9'), coalesce(k.expires_at, '9')) AS ends_at
FROM `api_key_secrets` s
JOIN `api_keys` k ON k.id = s.key_id
JOIN `workspaces` w ON w.id = k.workspace_id
WHERE k.revoked_at IS NULL
  AND w.access_mode IN ('ACTIVE', 'SCHEMA_LOCKED')
  AND coalesce(w.migrating_until, 0) <= unixepoch();
