-- A key may be allowed to send values for fields that the server sets, for imports from another system.
ALTER TABLE `api_keys` ADD `may_write_timestamps` integer DEFAULT false NOT NULL;--> statement-breakpoint
DROP VIEW `key_facts`;--> statement-breakpoint
CREATE VIEW `key_facts` AS
SELECT s.hash, json_array(
  w.id, w.revision, w.access_mode, coalesce(w.migrating_until, 0) > unixepoch(),
  k.version, k.permission, k.expires_at, k.revoked_at, s.valid_until, k.scopes, k.allowed_ips, k.may_write_timestamps
) AS facts
FROM `api_key_secrets` s
JOIN `api_keys` k ON k.id = s.key_id
JOIN `workspaces` w ON w.id = k.workspace_id;
