INSERT INTO "config_proxy"."script" ("id", "name", "name_folded", "current_number", "version", "created_at", "created_by", "changed_at", "changed_by") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8);
-- ["id-1","Hello","hello",1,1,1,"anna",1,"anna"]

INSERT INTO "config_proxy"."script_version" ("id", "script_id", "number", "language", "text_sealed", "sha256", "length", "parameters", "approval_state", "author_id", "author_maker_id", "author_name", "written_at") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, NULL, @10, @11);
-- ["version-1","id-1",1,"zsh","sealed","abc",1,"[]",0,"anna","anna",1]

SELECT s.id FROM "config_proxy"."script" s WITH (UPDLOCK) WHERE s.id = @0 ;
-- ["id-1"]

SELECT s.id, s.name, s.name_folded, s.version, s.created_at, s.created_by, s.changed_at, s.changed_by, v.id AS version_id, v.number, v.language, v.sha256, v.length, v.parameters, v.approval_state,
  v.author_id, v.author_maker_id, v.author_name, v.approver_id, v.approver_name, v.decided_at, v.comment FROM "config_proxy"."script" s
  INNER JOIN "config_proxy"."script_version" v ON v.script_id = s.id AND v.number = @0 WHERE s.id = @1;
-- [1,"id-1"]

SELECT text_sealed FROM "config_proxy"."script_version" WHERE id = @0;
-- ["version-1"]

UPDATE "config_proxy"."script" SET name = @0, name_folded = @1, current_number = @2, version = @3,
  changed_at = @4, changed_by = @5 WHERE id = @6;
-- ["Hello","hello",1,1,1,"anna","id-1"]

UPDATE "config_proxy"."script_version" SET approval_state = @0, approver_id = @1,
  approver_name = @2, decided_at = @3, comment = NULL WHERE id = @4;
-- [3,"bert","bert",2,"version-1"]

SELECT * FROM (SELECT s.id, s.name, s.name_folded, s.version, s.created_at, s.created_by, s.changed_at, s.changed_by, v.id AS version_id, v.number, v.language, v.sha256, v.length, v.parameters, v.approval_state,
  v.author_id, v.author_maker_id, v.author_name, v.approver_id, v.approver_name, v.decided_at, v.comment, CASE v.approval_state WHEN 3 THEN 'approved' WHEN 1 THEN 'denied' ELSE 'waiting' END AS approval_word FROM "config_proxy"."script" s
  INNER JOIN "config_proxy"."script_version" v ON v.script_id = s.id AND v.number = s.current_number) AS list WHERE list."approval_word" = @0
  ORDER BY "name_folded", "id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["waiting"]

DELETE FROM "config_proxy"."script" WHERE id = @0;
-- ["id-1"]

SELECT id, kind, title, collection_id, script_id, script_number, sha256, application_id, params_sealed, job_id,
  requested_by, requested_at, expires_at, cancelled_at FROM "config_proxy"."task_operation" WHERE id = @0;
-- [1]

SELECT id, kind, title, collection_id, script_id, script_number, sha256, application_id, params_sealed, job_id,
  requested_by, requested_at, expires_at, cancelled_at FROM "config_proxy"."task_operation" WHERE id IN (@0, @1);
-- [1,2]

SELECT id, kind, title, collection_id, script_id, script_number, sha256, application_id, params_sealed, job_id,
  requested_by, requested_at, expires_at, cancelled_at FROM "config_proxy"."task_operation" o WITH (UPDLOCK) WHERE id = @0 ;
-- [1]

UPDATE "config_proxy"."task_operation" SET cancelled_at = @0 WHERE id = @1 AND cancelled_at IS NULL;
-- [1,1]

SELECT id FROM "config_proxy"."task_operation" WHERE script_id = @0
  AND script_number = @1 AND expires_at > @2 AND cancelled_at IS NULL
  ORDER BY id;
-- ["id-1",1,1]

DELETE FROM "config_proxy"."task_operation" WHERE id IN (SELECT o.id FROM "config_proxy"."task_operation" o
  WHERE o.requested_at < @0 AND NOT EXISTS (SELECT 1 FROM "config_proxy"."client_task" t WHERE t.operation_id = o.id)
  ORDER BY o.requested_at OFFSET 0 ROWS FETCH NEXT 500 ROWS ONLY);
-- [1]

SET XACT_ABORT ON; BEGIN TRANSACTION; 
  INSERT INTO "config_proxy"."client_task" ("id", "operation_id", "device_id", "state", "is_open", "reason", "created_at", "finished_at", "expires_at") SELECT v."id", v."operation_id", v."device_id", v."state", v."is_open", v."reason", v."created_at", v."finished_at", v."expires_at" FROM (VALUES (@0, @1, @2, @3, @4, NULL, @5, NULL, @6)) AS v ("id", "operation_id", "device_id", "state", "is_open", "reason", "created_at", "finished_at", "expires_at")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."client_task" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."operation_id" = v."operation_id" AND t."device_id" = v."device_id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["task-1",1,7,"waiting",1,1,2]

SELECT t.id, t.operation_id, t.device_id, t.state, t.is_open, t.reason, t.exit_code, t.output_bytes, t.is_truncated, t.created_at, t.fetched_at, t.finished_at, t.expires_at FROM "config_proxy"."client_task" t WITH (UPDLOCK)
  WHERE t.device_id = @0 AND t.is_open = 1 AND t.expires_at > @1
  ORDER BY t.created_at, t.id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY ;
-- [7,1]

SELECT t.id, t.operation_id, t.device_id, t.state, t.is_open, t.reason, t.exit_code, t.output_bytes, t.is_truncated, t.created_at, t.fetched_at, t.finished_at, t.expires_at FROM "config_proxy"."client_task" t WITH (UPDLOCK) WHERE t.id = @0 AND t.device_id = @1 ;
-- ["task-1",7]

UPDATE "config_proxy"."client_task" SET state = 'fetched', fetched_at = @0, expires_at = @1 WHERE id = @2;
-- [1,2,"task-1"]

UPDATE "config_proxy"."client_task" SET state = @0, is_open = 0, reason = NULL, exit_code = @1,
  output_sealed = @2, head_sealed = @3, output_bytes = @4, is_truncated = @5, finished_at = @6
  WHERE id = @7;
-- ["succeeded",0,"sealed","sealed",5,0,1,"task-1"]

UPDATE "config_proxy"."client_task" SET state = 'cancelled', is_open = 0, finished_at = @0, reason = @1
  WHERE operation_id = @2 AND state = 'waiting';
-- [1,"because",1]

UPDATE "config_proxy"."client_task" SET state = 'expired', is_open = 0, finished_at = @0,
  reason = CASE WHEN fetched_at IS NULL THEN 'The device did not fetch it in time.'
  ELSE 'The device fetched it and did not report in time.' END
  WHERE is_open = 1 AND expires_at <= @0 AND id IN (SELECT t.id FROM "config_proxy"."client_task" t
  WHERE t.is_open = 1 AND t.expires_at <= @0 ORDER BY t.expires_at, t.id OFFSET 0 ROWS FETCH NEXT 500 ROWS ONLY);
-- [1]

SELECT t.state, COUNT(*) AS count FROM "config_proxy"."client_task" t
  WHERE t.operation_id = @0 AND EXISTS (SELECT 1 FROM "config_proxy"."collection_member" AS reach_member WHERE reach_member.resource_id = t.device_id
  AND reach_member.collection_id IN (@1)) GROUP BY t.state;
-- [1,"TST00020"]

SELECT t.id, t.operation_id, t.device_id, t.state, t.is_open, t.reason, t.exit_code, t.output_bytes, t.is_truncated, t.created_at, t.fetched_at, t.finished_at, t.expires_at, r.name AS device_name, r.name_folded AS device_name_folded, t.output_sealed FROM "config_proxy"."client_task" t INNER JOIN "config_proxy"."resource" r ON r.resource_id = t.device_id WHERE t.operation_id = @0 AND t.device_id = @1;
-- [1,7]

SELECT t.id, t.operation_id, t.device_id, t.state, t.is_open, t.reason, t.exit_code, t.output_bytes, t.is_truncated, t.created_at, t.fetched_at, t.finished_at, t.expires_at, r.name AS device_name, r.name_folded AS device_name_folded, t.output_sealed FROM "config_proxy"."client_task" t INNER JOIN "config_proxy"."resource" r ON r.resource_id = t.device_id
  WHERE t.operation_id = @0 AND t.is_open = 0 AND t.device_id > @1
  ORDER BY t.device_id OFFSET 0 ROWS FETCH NEXT 50 ROWS ONLY;
-- [1,0]

SELECT * FROM (SELECT t.id, t.operation_id, t.device_id, t.state, t.is_open, t.reason, t.exit_code, t.output_bytes, t.is_truncated, t.created_at, t.fetched_at, t.finished_at, t.expires_at, r.name AS device_name, r.name_folded AS device_name_folded FROM "config_proxy"."client_task" t INNER JOIN "config_proxy"."resource" r ON r.resource_id = t.device_id WHERE t.operation_id = @0 AND EXISTS (SELECT 1 FROM "config_proxy"."collection_member" AS reach_member WHERE reach_member.resource_id = t.device_id
  AND reach_member.collection_id IN (@1))) AS list WHERE list."state" = @2
  ORDER BY "device_id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- [1,"TST00020","failed"]

DELETE FROM "config_proxy"."client_task" WHERE id IN (SELECT t.id FROM "config_proxy"."client_task" t
  INNER JOIN "config_proxy"."task_operation" o ON o.id = t.operation_id
  WHERE o.requested_at < @0 AND t.is_open = 0 ORDER BY o.requested_at OFFSET 0 ROWS FETCH NEXT 500 ROWS ONLY);
-- [1]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "version" = v."version", "registered_at" = v."registered_at" FROM (VALUES (@0, @1, @2)) AS v ("device_id", "version", "registered_at") INNER LOOP JOIN "config_proxy"."mac_client" AS t WITH (UPDLOCK, HOLDLOCK) ON t."device_id" = v."device_id";
  INSERT INTO "config_proxy"."mac_client" ("device_id", "version", "registered_at") SELECT v."device_id", v."version", v."registered_at" FROM (VALUES (@0, @1, @2)) AS v ("device_id", "version", "registered_at")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."mac_client" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."device_id" = v."device_id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- [7,"1.0",1]

SELECT r.resource_id, r.name, r.is_active, c.version FROM "config_proxy"."resource" r
  LEFT JOIN "config_proxy"."mac_client" c ON c.device_id = r.resource_id WHERE r.resource_id IN (@0, @1) AND r.kind = 'device' ORDER BY r.resource_id;
-- [7,8]

SELECT r.resource_id, r.name, r.is_active, c.version FROM "config_proxy"."resource" r
  LEFT JOIN "config_proxy"."mac_client" c ON c.device_id = r.resource_id INNER JOIN "config_proxy"."collection_member" m ON m.resource_id = r.resource_id
  WHERE m.collection_id = @0 AND m.resource_id > @1 AND r.kind = 'device'
  ORDER BY m.resource_id OFFSET 0 ROWS FETCH NEXT 500 ROWS ONLY;
-- ["TST00020",7]

SELECT name, member_count FROM "config_proxy"."collection" WHERE collection_id = @0 AND kind = 'device';
-- ["TST00020"]

SELECT r.resource_id, r.smsid FROM "config_proxy"."resource" r
  WHERE r.smsid IN (@0) AND r.kind = 'device' AND EXISTS (SELECT 1 FROM "config_proxy"."collection_member" AS reach_member WHERE reach_member.resource_id = r.resource_id
  AND reach_member.collection_id IN (@1));
-- ["GUID:A","TST00020"]
