-- The fence: what a writing request believes of its key and workspace, checked again inside its own transaction.
-- Its batch begins with an INSERT into this view, which fails with FENCE when any of it no longer holds.
CREATE VIEW `request_fence` AS
SELECT 0 AS workspace_id, 0 AS revision, '' AS need, '' AS secret_hash, 0 AS key_version, '' AS now WHERE 0;
--> statement-breakpoint
CREATE TRIGGER `request_fence_check` INSTEAD OF INSERT ON `request_fence`
BEGIN
  SELECT RAISE(ABORT, 'FENCE')
  WHERE NOT EXISTS (
    SELECT 1 FROM `workspaces` w
    WHERE w.id = NEW.workspace_id AND w.revision = NEW.revision
      AND CASE NEW.need
        WHEN 'WRITE' THEN w.access_mode IN ('ACTIVE', 'SCHEMA_LOCKED')
        WHEN 'SCHEMA' THEN w.access_mode IN ('ACTIVE', 'DESIGN')
        ELSE 1
      END
  ) OR (NEW.secret_hash IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM `api_key_secrets` s JOIN `api_keys` k ON k.id = s.key_id
    WHERE s.hash = NEW.secret_hash AND k.workspace_id = NEW.workspace_id AND k.version = NEW.key_version
      AND k.revoked_at IS NULL
      AND (s.valid_until IS NULL OR s.valid_until > NEW.now)
      AND (k.expires_at IS NULL OR k.expires_at > NEW.now)
  ));
END;
