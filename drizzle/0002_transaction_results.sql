CREATE TABLE `transaction_results` (
	`name` text PRIMARY KEY NOT NULL,
	`record_id` integer
);
