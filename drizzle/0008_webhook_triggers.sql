-- A change becomes one delivery per webhook that listens to it, in the transaction of the change. Only the first
-- unfinished delivery of a record has a time for its next attempt: that keeps the order per record, and keeps the
-- search for what is due from looking at what must wait. All times are the database's, so that all who deliver agree.
CREATE TRIGGER `webhook_events_fan_out` AFTER INSERT ON `webhook_events`
BEGIN
  INSERT INTO `webhook_deliveries`
    (id, webhook_id, event_id, entity_id, record_id, status, attempt_count, next_attempt_at, created_at)
  SELECT 'dlv_' || lower(hex(randomblob(12))), w.id, NEW.id, NEW.entity_id, NEW.record_id, 'PENDING', 0,
    CASE WHEN EXISTS (
      SELECT 1 FROM `webhook_deliveries` d
      WHERE d.webhook_id = w.id AND d.entity_id = NEW.entity_id AND d.record_id = NEW.record_id
        AND d.status = 'PENDING'
    ) THEN NULL ELSE NEW.created_at END,
    NEW.created_at
  FROM `webhooks` w
  WHERE w.workspace_id = NEW.workspace_id AND w.enabled = 1
    AND EXISTS (SELECT 1 FROM json_each(w.events) WHERE value = NEW.type)
    AND (w.entities IS NULL OR EXISTS (SELECT 1 FROM json_each(w.entities) WHERE value = NEW.entity_id));
END;
--> statement-breakpoint
CREATE TRIGGER `webhook_deliveries_finish` AFTER UPDATE OF `status` ON `webhook_deliveries`
WHEN OLD.status = 'PENDING' AND NEW.status <> 'PENDING' AND NEW.record_id IS NOT NULL
BEGIN
  UPDATE `webhook_deliveries` SET next_attempt_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  WHERE next_attempt_at IS NULL AND id = (
    SELECT id FROM `webhook_deliveries`
    WHERE webhook_id = NEW.webhook_id AND entity_id = NEW.entity_id AND record_id = NEW.record_id
      AND status = 'PENDING'
    ORDER BY event_id LIMIT 1
  );
END;
--> statement-breakpoint
CREATE TRIGGER `webhook_deliveries_remove` AFTER DELETE ON `webhook_deliveries`
WHEN OLD.status = 'PENDING' AND OLD.record_id IS NOT NULL
BEGIN
  UPDATE `webhook_deliveries` SET next_attempt_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  WHERE next_attempt_at IS NULL AND id = (
    SELECT id FROM `webhook_deliveries`
    WHERE webhook_id = OLD.webhook_id AND entity_id = OLD.entity_id AND record_id = OLD.record_id
      AND status = 'PENDING'
    ORDER BY event_id LIMIT 1
  );
END;
