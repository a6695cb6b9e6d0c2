-- Tokens that keys mint for users. They are not stored: a key says whether it may mint, and a revocation ends all tokens of a
-- subject that were issued before it.
ALTER TABLE `api_keys` ADD `may_mint_tokens` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
CREATE TABLE `token_revocations` (
	`workspace_id` integer NOT NULL,
	`key_id` text DEFAULT '' NOT NULL,
	`subject` text DEFAULT '' NOT NULL,
	`revoked_before` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `key_id`, `subject`),
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
DROP VIEW `key_facts`;
--> statement-breakpoint
CREATE VIEW `key_facts` AS
SELECT s.hash, json_array(
  w.id, w.revision, w.access_mode, coalesce(w.migrating_until, 0) > unixepoch(),
  k.version, k.permission, k.expires_at, k.revoked_at, s.valid_until, k.scopes, k.allowed_ips, k.may_write_timestamps, k.may_mint_tokens
) AS facts
FROM `api_key_secrets` s
JOIN `api_keys` k ON k.id = s.key_id
JOIN `workspaces` w ON w.id = k.workspace_id;
--> statement-breakpoint
-- The fence of writes by a token: what is believed of its key and workspace, and that it was not revoked.
CREATE VIEW `token_fence` AS
SELECT 0 AS workspace_id, 0 AS revision, '' AS need, '' AS key_id, 0 AS key_version, '' AS now, '' AS subject, '' AS issued_at WHERE 0;
--> statement-breakpoint
CREATE TRIGGER `token_fence_check` INSTEAD OF INSERT ON `token_fence`
BEGIN
  INSERT INTO `request_fence` (workspace_id, revision, need, secret_hash, key_version, now)
  VALUES (NEW.workspace_id, NEW.revision, NEW.need, NULL, NULL, NEW.now);
  SELECT RAISE(ABORT, 'FENCE')
  WHERE NOT EXISTS (
    SELECT 1 FROM `api_keys` k
    WHERE k.id = NEW.key_id AND k.workspace_id = NEW.workspace_id AND k.version = NEW.key_version
      AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > NEW.now)
  ) OR EXISTS (
    SELECT 1 FROM `token_revocations` r
    WHERE r.workspace_id = NEW.workspace_id AND r.key_id IN ('', NEW.key_id) AND r.subject IN ('', NEW.subject)
      AND r.revoked_before >= NEW.issued_at
  );
END;
