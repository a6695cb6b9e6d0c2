-- What writes with an Idempotency-Key have done, kept in their own transaction. Position -1 is the request itself, the
-- others are its records: what is needed to give the same answer again.
-- WITHOUT ROWID: an insert here must not change last_insert_rowid() of the write that it follows.
CREATE TABLE `idempotency` (
  `api_key_id` text NOT NULL REFERENCES `api_keys` (`id`) ON DELETE CASCADE,
  `key` text NOT NULL,
  `position` integer NOT NULL,
  `content` text,
  `fingerprint` text,
  `schema_version` integer,
  `created_at` text NOT NULL,
  PRIMARY KEY (`api_key_id`, `key`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_created` ON `idempotency` (`created_at`);
--> statement-breakpoint
DROP TABLE `transaction_results`;
--> statement-breakpoint
CREATE TABLE `transaction_results` (`name` text PRIMARY KEY NOT NULL, `record_id` integer) WITHOUT ROWID;
