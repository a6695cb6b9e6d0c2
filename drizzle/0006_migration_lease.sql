-- While somebody holds the lease of a schema change, nobody else writes: the change checks existing records over
-- several round trips, and they must not move meanwhile. The database's own clock decides when a lease has ended.
DROP TRIGGER `request_fence_check`;
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
        WHEN 'MIGRATION' THEN w.access_mode IN ('ACTIVE', 'DESIGN')
        ELSE 1
      END
      AND (NEW.need NOT IN ('WRITE', 'SCHEMA') OR coalesce(w.migrating_until, 0) <= unixepoch())
  ) OR (NEW.secret_hash IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM `api_key_secrets` s JOIN `api_keys` k ON k.id = s.key_id
    WHERE s.hash = NEW.secret_hash AND k.workspace_id = NEW.workspace_id AND k.version = NEW.key_version
      AND k.revoked_at IS NULL
      AND (s.valid_until IS NULL OR s.valid_until > NEW.now)
      AND (k.expires_at IS NULL OR k.expires_at > NEW.now)
  ));
END;
