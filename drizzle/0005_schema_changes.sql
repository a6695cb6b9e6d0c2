CREATE TABLE `schema_changes` (
	`workspace_id` integer NOT NULL,
	`version` integer NOT NULL,
	`changes` text NOT NULL,
	`created_at` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `version`),
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `workspaces` ADD `migration_token` text;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `migrating_until` integer;