CREATE TABLE `deployment` (
	`id` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
INSERT INTO `deployment` (id) VALUES ('dep_' || lower(hex(randomblob(12))));
