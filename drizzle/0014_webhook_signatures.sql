ALTER TABLE `webhooks` ADD `former_secret` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `former_secret_until` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `public_key` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `filter` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `expand` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `paused_until` text;