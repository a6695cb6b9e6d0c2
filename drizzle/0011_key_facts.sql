-- The fence of reads: what holds of a key and its workspace, as one value, so that it can be read along with a record.
CREATE VIEW `key_facts` AS
SELECT s.hash, json_array(
  w.id, w.revision, w.access_mode, coalesce(w.migrating_until, 0) > unixepoch(),
  k.version, k.permission, k.expires_at, k.revoked_at, s.valid_until, k.scopes, k.allowed_ips
) AS facts
FROM `api_key_secrets` s
JOIN `api_keys` k ON k.id = s.key_id
JOIN `workspaces` w ON w.id = k.workspace_id;
