-- What a workspace keeps beside its records has a budget: events of webhooks, and responses for Idempotency-Keys. A count
-- beside each workspace says what they take, at any time: each row counts as 256 bytes and its texts. Triggers keep it, so
-- it also sees cascades and what is removed. What a write adds beyond the budget fails with a text that
-- src/libsql/database.ts knows.
ALTER TABLE `deployment` ADD `max_outbox_bytes` integer DEFAULT 268435456 NOT NULL;--> statement-breakpoint
ALTER TABLE `deployment` ADD `max_idempotency_bytes` integer DEFAULT 268435456 NOT NULL;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `outbox_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `idempotency_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `webhook_events` ADD `is_omitted` integer DEFAULT false NOT NULL;
--> statement-breakpoint
UPDATE `workspaces` SET
  outbox_bytes = (SELECT coalesce(sum(256 + coalesce(length(CAST(e.record AS BLOB)), 0) + coalesce(length(CAST(e.previous AS BLOB)), 0)), 0) FROM `webhook_events` e WHERE e.workspace_id = `workspaces`.id),
  idempotency_bytes = (
    SELECT coalesce(sum(256 + coalesce(length(CAST(i.content AS BLOB)), 0)), 0)
    FROM `idempotency` i JOIN `api_keys` k ON k.id = i.api_key_id WHERE k.workspace_id = `workspaces`.id
  );
--> statement-breakpoint
CREATE TRIGGER `webhook_events_count` AFTER INSERT ON `webhook_events`
BEGIN
  UPDATE `workspaces` SET outbox_bytes = outbox_bytes + 256 + coalesce(length(CAST(NEW.record AS BLOB)), 0) + coalesce(length(CAST(NEW.previous AS BLOB)), 0) WHERE id = NEW.workspace_id;
  SELECT RAISE(ABORT, 'OUTBOX_FULL') FROM `workspaces` w JOIN `deployment` d
  WHERE w.id = NEW.workspace_id AND w.outbox_bytes > d.max_outbox_bytes;
END;
--> statement-breakpoint
CREATE TRIGGER `webhook_events_recount` AFTER UPDATE OF `record`, `previous` ON `webhook_events`
BEGIN
  UPDATE `workspaces` SET outbox_bytes = outbox_bytes + coalesce(length(CAST(NEW.record AS BLOB)), 0) - coalesce(length(CAST(OLD.record AS BLOB)), 0) + coalesce(length(CAST(NEW.previous AS BLOB)), 0) - coalesce(length(CAST(OLD.previous AS BLOB)), 0)
  WHERE id = NEW.workspace_id;
END;
--> statement-breakpoint
CREATE TRIGGER `webhook_events_uncount` AFTER DELETE ON `webhook_events`
BEGIN
  UPDATE `workspaces` SET outbox_bytes = outbox_bytes - (256 + coalesce(length(CAST(OLD.record AS BLOB)), 0) + coalesce(length(CAST(OLD.previous AS BLOB)), 0)) WHERE id = OLD.workspace_id;
END;
--> statement-breakpoint
-- Position -1 is the claim, with which each request begins: a request that has begun keeps all it needs.
CREATE TRIGGER `idempotency_count` AFTER INSERT ON `idempotency`
BEGIN
  UPDATE `workspaces` SET idempotency_bytes = idempotency_bytes + 256 + coalesce(length(CAST(NEW.content AS BLOB)), 0)
  WHERE id = (SELECT workspace_id FROM `api_keys` WHERE id = NEW.api_key_id);
  SELECT RAISE(ABORT, 'IDEMPOTENCY_FULL') FROM `workspaces` w JOIN `deployment` d
  WHERE NEW.position = -1 AND w.id = (SELECT workspace_id FROM `api_keys` WHERE id = NEW.api_key_id)
    AND w.idempotency_bytes > d.max_idempotency_bytes;
END;
--> statement-breakpoint
CREATE TRIGGER `idempotency_recount` AFTER UPDATE OF `content` ON `idempotency`
BEGIN
  UPDATE `workspaces` SET idempotency_bytes = idempotency_bytes + coalesce(length(CAST(NEW.content AS BLOB)), 0) - coalesce(length(CAST(OLD.content AS BLOB)), 0)
  WHERE id = (SELECT workspace_id FROM `api_keys` WHERE id = NEW.api_key_id);
END;
--> statement-breakpoint
CREATE TRIGGER `idempotency_uncount` AFTER DELETE ON `idempotency`
BEGIN
  UPDATE `workspaces` SET idempotency_bytes = idempotency_bytes - (256 + coalesce(length(CAST(OLD.content AS BLOB)), 0))
  WHERE id = (SELECT workspace_id FROM `api_keys` WHERE id = OLD.api_key_id);
END;
--> statement-breakpoint
-- A deleted key takes its responses along, which are counted by its workspace.
CREATE TRIGGER `api_keys_forget` BEFORE DELETE ON `api_keys`
BEGIN
  DELETE FROM `idempotency` WHERE api_key_id = OLD.id;
END;
--> statement-breakpoint
-- An event's records are kept until every delivery has succeeded; the event itself, as long as it has a delivery.
CREATE TRIGGER `webhook_deliveries_succeed` AFTER UPDATE OF `status` ON `webhook_deliveries`
WHEN NEW.status = 'SUCCEEDED'
BEGIN
  UPDATE `webhook_events` SET record = NULL, previous = NULL, is_omitted = 1
  WHERE id = NEW.event_id AND is_omitted = 0
    AND NOT EXISTS (SELECT 1 FROM `webhook_deliveries` d WHERE d.event_id = NEW.event_id AND d.status <> 'SUCCEEDED');
END;
--> statement-breakpoint
CREATE TRIGGER `webhook_deliveries_forget` AFTER DELETE ON `webhook_deliveries`
BEGIN
  DELETE FROM `webhook_events`
  WHERE id = OLD.event_id AND NOT EXISTS (SELECT 1 FROM `webhook_deliveries` d WHERE d.event_id = OLD.event_id);
  UPDATE `webhook_events` SET record = NULL, previous = NULL, is_omitted = 1
  WHERE id = OLD.event_id AND is_omitted = 0
    AND NOT EXISTS (SELECT 1 FROM `webhook_deliveries` d WHERE d.event_id = OLD.event_id AND d.status <> 'SUCCEEDED');
END;
--> statement-breakpoint
UPDATE `webhook_events` SET record = NULL, previous = NULL, is_omitted = 1
WHERE NOT EXISTS (SELECT 1 FROM `webhook_deliveries` d WHERE d.event_id = `webhook_events`.id AND d.status <> 'SUCCEEDED');
