CREATE TABLE `admin_key_secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`valid_until` text,
	FOREIGN KEY (`key_id`) REFERENCES `admin_keys`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `admin_key_secrets_key` ON `admin_key_secrets` (`key_id`);--> statement-breakpoint
CREATE TABLE `admin_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` integer,
	`name` text NOT NULL,
	`key_prefix` text NOT NULL,
	`role` text NOT NULL,
	`allowed_ips` text,
	`expires_at` text,
	`created_at` text NOT NULL,
	`last_used_at` text,
	`revoked_at` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `admin_keys_organization` ON `admin_keys` (`organization_id`);--> statement-breakpoint
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`organization_id` integer,
	`role` text NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `members_email` ON `members` (`email`,coalesce(`organization_id`, 0));--> statement-breakpoint
CREATE INDEX `members_organization` ON `members` (`organization_id`);--> statement-breakpoint
ALTER TABLE `audit_log` ADD `organization_id` integer;--> statement-breakpoint
ALTER TABLE `audit_log` ADD `actor_kind` text DEFAULT 'SYSTEM' NOT NULL;--> statement-breakpoint
ALTER TABLE `audit_log` ADD `actor_id` text;--> statement-breakpoint
ALTER TABLE `audit_log` ADD `actor_name` text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_log_organization` ON `audit_log` (`organization_id`,`at`);--> statement-breakpoint
UPDATE `audit_log` SET
  `organization_id` = (SELECT w.organization_id FROM `workspaces` w WHERE w.id = `workspace_id`),
  `actor_kind` = iif(`action` = 'webhook.disabled', 'SYSTEM', 'ADMIN_TOKEN'),
  `actor_name` = iif(`action` = 'webhook.disabled', 'SchemaStack Edge', 'ADMIN_TOKEN');
--> statement-breakpoint
-- The fence of admin keys: all that decides what a key may do, as one value. A request is done only while this is still
-- the value that it was judged by.
CREATE VIEW `admin_key_facts` AS
SELECT s.hash, k.id AS key_id, json_array(
  k.id, k.name, o.slug, k.role, k.expires_at, k.revoked_at, s.valid_until, k.allowed_ips
) AS facts
FROM `admin_key_secrets` s
JOIN `admin_keys` k ON k.id = s.key_id
LEFT JOIN `organizations` o ON o.id = k.organization_id;
