-- Fails a transaction whose writes found no record, or another version of it: an UPDATE of no row is no error in SQL,
-- but it is one among writes that stand or fall together.
CREATE VIEW `write_guard` AS SELECT '' AS problem WHERE 0;
--> statement-breakpoint
CREATE TRIGGER `write_guard_check` INSTEAD OF INSERT ON `write_guard`
BEGIN
  SELECT RAISE(ABORT, 'ABSENT');
END;
