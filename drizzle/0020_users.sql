-- Users of identity providers and requests without credentials: whom a workspace trusts, what their roles allow, and whose tokens
-- have been ended. Issuers and roles are part of what `workspaces.revision` stands for.
CREATE TABLE `issuers` (
	`workspace_id` integer NOT NULL,
	`name` text NOT NULL,
	`issuer` text NOT NULL,
	`audience` text NOT NULL,
	`jwks_url` text,
	`algorithms` text NOT NULL,
	`role_claim` text,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `name`),
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `issuers_issuer` ON `issuers` (`workspace_id`,`issuer`);--> statement-breakpoint
CREATE TABLE `roles` (
	`workspace_id` integer NOT NULL,
	`name` text NOT NULL,
	`permission` text NOT NULL,
	`scopes` text,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `name`),
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `user_revocations` (
	`workspace_id` integer NOT NULL,
	`issuer` text NOT NULL,
	`subject` text DEFAULT '' NOT NULL,
	`revoked_before` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `issuer`, `subject`),
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
-- The fence of writes by a user: what is believed of the workspace, and that the token was not revoked.
CREATE VIEW `user_fence` AS
SELECT 0 AS workspace_id, 0 AS revision, '' AS need, '' AS now, '' AS issuer, '' AS subject, '' AS issued_at WHERE 0;
--> statement-breakpoint
CREATE TRIGGER `user_fence_check` INSTEAD OF INSERT ON `user_fence`
BEGIN
  INSERT INTO `request_fence` (workspace_id, revision, need, secret_hash, key_version, now)
  VALUES (NEW.workspace_id, NEW.revision, NEW.need, NULL, NULL, NEW.now);
  SELECT RAISE(ABORT, 'FENCE')
  WHERE EXISTS (
    SELECT 1 FROM `user_revocations` r
    WHERE r.workspace_id = NEW.workspace_id AND r.issuer = NEW.issuer AND r.subject IN ('', NEW.subject)
      AND r.revoked_before >= NEW.issued_at
  );
END;
--> statement-breakpoint
-- Idempotency-Keys belong to a principal, which need not be an API key. Triggers of the old table go with it.
CREATE TABLE `idempotency_next` (
  `workspace_id` integer NOT NULL REFERENCES `workspaces` (`id`) ON DELETE CASCADE,
  `principal` text NOT NULL,
  `key` text NOT NULL,
  `position` integer NOT NULL,
  `content` text,
  `fingerprint` text,
  `schema_version` integer,
  `created_at` text NOT NULL,
  PRIMARY KEY (`workspace_id`, `principal`, `key`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `idempotency_next` (workspace_id, principal, key, position, content, fingerprint, schema_version, created_at)
SELECT k.workspace_id, i.api_key_id, i.key, i.position, i.content, i.fingerprint, i.schema_version, i.created_at
FROM `idempotency` i JOIN `api_keys` k ON k.id = i.api_key_id;
--> statement-breakpoint
DROP TRIGGER `api_keys_forget`;
--> statement-breakpoint
DROP TABLE `idempotency`;
--> statement-breakpoint
ALTER TABLE `idempotency_next` RENAME TO `idempotency`;
--> statement-breakpoint
CREATE INDEX `idempotency_created` ON `idempotency` (`created_at`);
--> statement-breakpoint
-- Position -1 is the claim, with which each request begins: a request that has begun keeps all it needs.
CREATE TRIGGER `idempotency_count` AFTER INSERT ON `idempotency`
BEGIN
  UPDATE `workspaces` SET idempotency_bytes = idempotency_bytes + 256 + coalesce(length(CAST(NEW.content AS BLOB)), 0)
  WHERE id = NEW.workspace_id;
  SELECT RAISE(ABORT, 'IDEMPOTENCY_FULL') FROM `workspaces` w JOIN `deployment` d
  WHERE NEW.position = -1 AND w.id = NEW.workspace_id AND w.idempotency_bytes > d.max_idempotency_bytes;
END;
--> statement-breakpoint
CREATE TRIGGER `idempotency_recount` AFTER UPDATE OF `content` ON `idempotency`
BEGIN
  UPDATE `workspaces` SET idempotency_bytes = idempotency_bytes + coalesce(length(CAST(NEW.content AS BLOB)), 0) - coalesce(length(CAST(OLD.content AS BLOB)), 0)
  WHERE id = NEW.workspace_id;
END;
--> statement-breakpoint
CREATE TRIGGER `idempotency_uncount` AFTER DELETE ON `idempotency`
BEGIN
  UPDATE `workspaces` SET idempotency_bytes = idempotency_bytes - (256 + coalesce(length(CAST(OLD.content AS BLOB)), 0))
  WHERE id = OLD.workspace_id;
END;
--> statement-breakpoint
-- A deleted key takes its responses along, and those of the tokens that it minted.
CREATE TRIGGER `api_keys_forget` BEFORE DELETE ON `api_keys`
BEGIN
  DELETE FROM `idempotency`
  WHERE workspace_id = OLD.workspace_id AND (principal = OLD.id OR substr(principal, 1, length(OLD.id) + 1) = OLD.id || '/');
END;
