INSERT INTO "config_proxy"."approval" ("id", "kind", "state", "params_sealed", "summary", "targets", "device_count", "reason", "requester_id", "requester_name", "requester_maker_id", "requester_actor", "requester_title", "credential_id", "request_key", "created_at", "expires_at", "result_ids") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, NULL, @10, @11, @12, @13, @14, @15, @16);
-- ["id-1","erase","needs-approval","sealed","Send EraseDevice to one device.","[]",1,"It was stolen.","anna","anna","{\"type\":\"person\",\"id\":\"anna\",\"name\":\"anna\"}","anna","token","key",1,2,"[]"]

SELECT a.id, a.kind, a.state, a.params_sealed, a.summary, a.targets, a.device_count, a.reason, a.requester_id, a.requester_name, a.requester_maker_id, a.requester_actor, a.requester_title, a.credential_id, a.request_key, a.created_at, a.expires_at, a.decided_at, a.decided_by_id, a.decided_by_name, a.decision_reason, a.job_id, a.begun_at, a.finished_at, a.outcome, a.result_ids, a.version FROM "config_proxy"."approval" a WHERE a.id = @0;
-- ["id-1"]

SELECT a.id, a.kind, a.state, a.params_sealed, a.summary, a.targets, a.device_count, a.reason, a.requester_id, a.requester_name, a.requester_maker_id, a.requester_actor, a.requester_title, a.credential_id, a.request_key, a.created_at, a.expires_at, a.decided_at, a.decided_by_id, a.decided_by_name, a.decision_reason, a.job_id, a.begun_at, a.finished_at, a.outcome, a.result_ids, a.version FROM "config_proxy"."approval" a WITH (UPDLOCK) WHERE a.id = @0 ;
-- ["id-1"]

SELECT a.id, a.kind, a.state, a.params_sealed, a.summary, a.targets, a.device_count, a.reason, a.requester_id, a.requester_name, a.requester_maker_id, a.requester_actor, a.requester_title, a.credential_id, a.request_key, a.created_at, a.expires_at, a.decided_at, a.decided_by_id, a.decided_by_name, a.decision_reason, a.job_id, a.begun_at, a.finished_at, a.outcome, a.result_ids, a.version FROM "config_proxy"."approval" a WHERE a.credential_id = @0 AND a.request_key = @1;
-- ["token","key"]

SELECT id FROM "config_proxy"."approval" WHERE is_open = 1 AND expires_at <= @0 ORDER BY expires_at
  OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY;
-- [3]

UPDATE "config_proxy"."approval" SET state = @0, decided_at = NULL, decided_by_id = NULL,
  decided_by_name = NULL, decision_reason = NULL, job_id = NULL, begun_at = NULL,
  finished_at = @1, outcome = NULL, result_ids = @2, version = @3, is_open = @4
  WHERE id = @5;
-- ["rejected",3,"[]",2,0,"id-1"]

SELECT * FROM (SELECT a.id, a.kind, a.state, a.params_sealed, a.summary, a.targets, a.device_count, a.reason, a.requester_id, a.requester_name, a.requester_maker_id, a.requester_actor, a.requester_title, a.credential_id, a.request_key, a.created_at, a.expires_at, a.decided_at, a.decided_by_id, a.decided_by_name, a.decision_reason, a.job_id, a.begun_at, a.finished_at, a.outcome, a.result_ids, a.version FROM "config_proxy"."approval" a WHERE a.requester_id = @0 AND a.state = 'needs-approval' AND a.is_open = 1 AND a.requester_id <> @1
  AND (a.requester_maker_id IS NULL OR a.requester_maker_id <> @1)) AS list WHERE list."state" = @2
  ORDER BY "created_at" DESC, "id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["anna","bert","expired"]

DELETE FROM "config_proxy"."approval" WHERE id IN (SELECT id FROM "config_proxy"."approval"
  WHERE is_open = 0 AND created_at < @0 AND finished_at < @0 ORDER BY created_at
  OFFSET 0 ROWS FETCH NEXT 500 ROWS ONLY);
-- [1]

SELECT p.kind, p.required, p.threshold, p.expiry_hours, p.hourly_cap, p.alone_cap, p.version,
  p.changed_at, p.changed_by FROM "config_proxy"."approval_policy" p;
-- []

SELECT p.kind, p.required, p.threshold, p.expiry_hours, p.hourly_cap, p.alone_cap, p.version,
  p.changed_at, p.changed_by FROM "config_proxy"."approval_policy" p WITH (UPDLOCK) WHERE p.kind = @0 ;
-- ["erase"]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "required" = v."required", "threshold" = v."threshold", "expiry_hours" = v."expiry_hours", "hourly_cap" = v."hourly_cap", "alone_cap" = v."alone_cap", "version" = v."version", "changed_at" = v."changed_at", "changed_by" = v."changed_by" FROM (VALUES (@0, @1, @2, @3, NULL, @4, @5, @6, @7)) AS v ("kind", "required", "threshold", "expiry_hours", "hourly_cap", "alone_cap", "version", "changed_at", "changed_by") INNER LOOP JOIN "config_proxy"."approval_policy" AS t WITH (UPDLOCK, HOLDLOCK) ON t."kind" = v."kind";
  INSERT INTO "config_proxy"."approval_policy" ("kind", "required", "threshold", "expiry_hours", "hourly_cap", "alone_cap", "version", "changed_at", "changed_by") SELECT v."kind", v."required", v."threshold", v."expiry_hours", v."hourly_cap", v."alone_cap", v."version", v."changed_at", v."changed_by" FROM (VALUES (@0, @1, @2, @3, NULL, @4, @5, @6, @7)) AS v ("kind", "required", "threshold", "expiry_hours", "hourly_cap", "alone_cap", "version", "changed_at", "changed_by")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."approval_policy" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."kind" = v."kind")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["erase",1,0,1,5,1,1,"anna"]

INSERT INTO "config_proxy"."action_count" ("administrator_id", "kind", "phase", "minutes", "counted_at") SELECT @0, @1, @2, @3, @4
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."action_count" WITH (UPDLOCK, HOLDLOCK)
  WHERE "administrator_id" = @0 AND "kind" = @1 AND "phase" = @2);
-- ["anna","erase","asked","[]",1]

SELECT a.minutes FROM "config_proxy"."action_count" a WITH (UPDLOCK) WHERE administrator_id = @0 AND kind = @1 AND phase = @2 ;
-- ["anna","erase","asked"]

UPDATE "config_proxy"."action_count" SET minutes = @0, counted_at = @1 WHERE administrator_id = @2 AND kind = @3 AND phase = @4;
-- ["[[1,2]]",1,"anna","erase","asked"]

DELETE FROM "config_proxy"."action_count" WHERE counted_at < @0;
-- [1]

INSERT INTO "config_proxy"."approval_clock" ("id", "latest_at") SELECT @0, @1
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."approval_clock" WITH (UPDLOCK, HOLDLOCK)
  WHERE "id" = @0);
-- ["site",0]

SELECT c.latest_at FROM "config_proxy"."approval_clock" c WITH (UPDLOCK) WHERE c.id = @0 ;
-- ["site"]

UPDATE "config_proxy"."approval_clock" SET latest_at = @0 WHERE id = @1 AND latest_at < @0;
-- [5,"site"]

SELECT c.latest_at FROM "config_proxy"."approval_clock" c  WHERE c.id = @0 ;
-- ["site"]
