SELECT c.name, c.kind FROM "config_proxy"."collection" c WITH (UPDLOCK) WHERE c.collection_id = @0 ;
-- ["ESP00014"]

SELECT d.id, d.assignment_id, d.name, d.comment, d.thing_kind, d.thing_id, d.thing_name, d.revision,
  d.deployed_revision, d.collection_id, d.intent, d.action, d.is_enabled, d.start_at, d.deadline_at, d.is_local_time,
  d.priority, d.override_windows, d.notify, d.items, d.version, d.created_at, d.created_by, d.changed_at, d.changed_by FROM "config_proxy"."deployment" d WITH (UPDLOCK) WHERE d.thing_id IN (@0) ORDER BY d.id ;
-- ["thing"]

SELECT d.id, d.assignment_id, d.name, d.comment, d.thing_kind, d.thing_id, d.thing_name, d.revision,
  d.deployed_revision, d.collection_id, d.intent, d.action, d.is_enabled, d.start_at, d.deadline_at, d.is_local_time,
  d.priority, d.override_windows, d.notify, d.items, d.version, d.created_at, d.created_by, d.changed_at, d.changed_by, d.name_folded, d.thing_name_folded, LOWER(d.collection_id) AS collection_id_folded,
  c.name AS collection_name, c.name_folded AS collection_name_folded, CASE WHEN c.kind = 'user' THEN (SELECT COUNT(*) FROM "config_proxy"."collection_member" m
  LEFT JOIN "config_proxy"."resource_enrollment" e ON e.user_resource_id = m.resource_id AND e.is_active = 1
  WHERE m.collection_id = d.collection_id) ELSE c.member_count END AS targeted,
  s.success, s.in_progress, s.requirements_not_met, s.failed
  FROM "config_proxy"."deployment" d
  INNER JOIN "config_proxy"."collection" c ON c.collection_id = d.collection_id
  INNER JOIN "config_proxy"."deployment_summary" s ON s.deployment_id = d.id WHERE d.id = @0;
-- ["deployment"]

SELECT * FROM (SELECT d.id, d.assignment_id, d.name, d.comment, d.thing_kind, d.thing_id, d.thing_name, d.revision,
  d.deployed_revision, d.collection_id, d.intent, d.action, d.is_enabled, d.start_at, d.deadline_at, d.is_local_time,
  d.priority, d.override_windows, d.notify, d.items, d.version, d.created_at, d.created_by, d.changed_at, d.changed_by, d.name_folded, d.thing_name_folded, LOWER(d.collection_id) AS collection_id_folded,
  c.name AS collection_name, c.name_folded AS collection_name_folded, CASE WHEN c.kind = 'user' THEN (SELECT COUNT(*) FROM "config_proxy"."collection_member" m
  LEFT JOIN "config_proxy"."resource_enrollment" e ON e.user_resource_id = m.resource_id AND e.is_active = 1
  WHERE m.collection_id = d.collection_id) ELSE c.member_count END AS targeted,
  s.success, s.in_progress, s.requirements_not_met, s.failed
  FROM "config_proxy"."deployment" d
  INNER JOIN "config_proxy"."collection" c ON c.collection_id = d.collection_id
  INNER JOIN "config_proxy"."deployment_summary" s ON s.deployment_id = d.id) AS list WHERE (list."name_folded" LIKE @0 AND list."priority" = @1)
  ORDER BY "collection_name_folded", "created_at" DESC, "id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["%x%",2]

SELECT * FROM (SELECT d.id, d.created_at FROM "config_proxy"."deployment" d WHERE (EXISTS (
  SELECT 1 FROM "config_proxy"."collection_member" m WHERE m.collection_id = d.collection_id AND m.resource_id = @0)
  OR EXISTS (SELECT 1 FROM "config_proxy"."resource_enrollment" e
  INNER JOIN "config_proxy"."collection_member" m ON m.resource_id = e.user_resource_id
  WHERE e.resource_id = @0 AND m.collection_id = d.collection_id)
  OR EXISTS (SELECT 1 FROM "config_proxy"."resource_enrollment" e
  INNER JOIN "config_proxy"."deployment_state" s ON s.enrollment_id = e.enrollment_id
  WHERE e.resource_id = @0 AND s.deployment_id = d.id AND s.status <> 0))) AS page  ORDER BY "created_at" DESC, "id"
  OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- [7]

SELECT * FROM (SELECT id, counted_at FROM "config_proxy"."deployment" WHERE counted_at < @0) AS page  ORDER BY "counted_at", "id"
  OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [1]

SET XACT_ABORT ON; BEGIN TRANSACTION; 
  INSERT INTO "config_proxy"."deployment_summary" ("deployment_id", "success", "in_progress", "requirements_not_met", "failed") SELECT v."deployment_id", v."success", v."in_progress", v."requirements_not_met", v."failed" FROM (VALUES (@0, @1, @2, @3, @4)) AS v ("deployment_id", "success", "in_progress", "requirements_not_met", "failed")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."deployment_summary" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."deployment_id" = v."deployment_id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["deployment",0,0,0,0]

SELECT ci_id FROM "config_proxy"."deployment_item_summary" WHERE deployment_id = @0 ORDER BY ci_id;
-- ["deployment"]

SET XACT_ABORT ON; BEGIN TRANSACTION; 
  INSERT INTO "config_proxy"."deployment_item_summary" ("deployment_id", "ci_id", "unknown", "compliant", "non_compliant", "conflict", "failed") SELECT v."deployment_id", v."ci_id", v."unknown", v."compliant", v."non_compliant", v."conflict", v."failed" FROM (VALUES (@0, @1, @2, @3, @4, @5, @6)) AS v ("deployment_id", "ci_id", "unknown", "compliant", "non_compliant", "conflict", "failed")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."deployment_item_summary" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."deployment_id" = v."deployment_id" AND t."ci_id" = v."ci_id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["deployment","ci",0,0,0,0,0]

DELETE FROM "config_proxy"."deployment_summary" WHERE deployment_id = @0;
-- ["deployment"]

DELETE FROM "config_proxy"."deployment_item_summary" WHERE deployment_id = @0;
-- ["deployment"]

SELECT * FROM (SELECT v.*, LOWER(v.collection_id) AS collection_id_folded FROM "config_proxy"."deployment_version" v) AS list WHERE list."until_at" IS NULL
  ORDER BY "from_at" DESC, "deployment_id", "version" DESC OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- []

SELECT deployment_id, version FROM "config_proxy"."deployment_version" WHERE until_at IS NOT NULL AND until_at < @0
  ORDER BY until_at OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [1]

SELECT * FROM (
  SELECT m.resource_id, r.name, r.name_folded, e.enrollment_id, COALESCE(e.enrollment_id, '') AS enrollment_key,
  s.status, s.compliance_state, s.enforcement_state, s.reason, s.error_code, s.command_id,
  s.targeted_at, s.evaluated_at, s.queued_at, s.pushed_at, s.fetched_at, s.acknowledged_at, s.verified_at,
  s.updated_at, LOWER(s.error_code) AS error_code_folded
  FROM "config_proxy"."collection_member" m
  INNER JOIN "config_proxy"."resource" r ON r.resource_id = m.resource_id + 0
  LEFT JOIN "config_proxy"."resource_enrollment" e
  ON e.resource_id = m.resource_id + 0
  AND e.kind = 'device' AND e.is_active = 1
  LEFT JOIN "config_proxy"."deployment_state" s ON s.deployment_id = @0 AND s.enrollment_id = e.enrollment_id
  WHERE m.collection_id = @1) AS list 
  ORDER BY "resource_id", "enrollment_key" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["deployment","ESP00014"]

SELECT * FROM (
  SELECT m.resource_id, r.name, r.name_folded, e.enrollment_id, COALESCE(e.enrollment_id, '') AS enrollment_key,
  s.status, s.compliance_state, s.enforcement_state, s.reason, s.error_code, s.command_id,
  s.targeted_at, s.evaluated_at, s.queued_at, s.pushed_at, s.fetched_at, s.acknowledged_at, s.verified_at,
  s.updated_at, LOWER(s.error_code) AS error_code_folded
  FROM "config_proxy"."collection_member" m
  INNER JOIN "config_proxy"."resource" r ON r.resource_id = m.resource_id + 0
  LEFT JOIN "config_proxy"."resource_enrollment" e
  ON e.user_resource_id = m.resource_id + 0
  AND e.kind = 'user' AND e.is_active = 1
  LEFT JOIN "config_proxy"."deployment_state" s ON s.deployment_id = @0 AND s.enrollment_id = e.enrollment_id
  WHERE m.collection_id = @1 AND (s.status IS NULL OR s.status IN (0, 4))) AS list 
  ORDER BY "resource_id", "enrollment_key" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["deployment","ESP00014"]

SELECT * FROM (
  SELECT r.resource_id, r.name, r.name_folded, s.enrollment_id, s.enrollment_id AS enrollment_key, s.status, s.compliance_state, s.enforcement_state, s.reason, s.error_code, s.command_id,
  s.targeted_at, s.evaluated_at, s.queued_at, s.pushed_at, s.fetched_at, s.acknowledged_at, s.verified_at,
  s.updated_at, LOWER(s.error_code) AS error_code_folded
  FROM "config_proxy"."deployment_state" s
  INNER JOIN "config_proxy"."resource_enrollment" e ON e.enrollment_id = s.enrollment_id
  INNER JOIN "config_proxy"."resource" r ON r.resource_id = e.resource_id
  WHERE s.deployment_id = @0 AND s.status = @1) AS list 
  ORDER BY "enrollment_key" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["deployment",5]

SELECT r.resource_id, r.name, e.enrollment_id, s.status, s.compliance_state, s.enforcement_state, s.reason, s.error_code, s.command_id,
  s.targeted_at, s.evaluated_at, s.queued_at, s.pushed_at, s.fetched_at, s.acknowledged_at, s.verified_at,
  s.updated_at, LOWER(s.error_code) AS error_code_folded,
  CASE WHEN m.resource_id IS NULL THEN 0 ELSE 1 END AS is_member
  FROM "config_proxy"."resource" r
  LEFT JOIN "config_proxy"."collection_member" m ON m.collection_id = @0 AND m.resource_id = r.resource_id
  LEFT JOIN "config_proxy"."resource_enrollment" e ON e.resource_id = r.resource_id AND e.kind = 'device'
  LEFT JOIN "config_proxy"."deployment_state" s ON s.deployment_id = @1 AND s.enrollment_id = e.enrollment_id
  WHERE r.resource_id = @2 ORDER BY e.enrollment_id;
-- ["ESP00014","deployment",7]

SELECT ci_id, enrollment_id, state, reason, error_code, at FROM "config_proxy"."deployment_item_state"
  WHERE deployment_id = @0 AND enrollment_id IN (@1) AND state >= 0 ORDER BY ci_id;
-- ["deployment","MAC-1"]

SELECT * FROM (SELECT x.*, LOWER(x.topic_id) AS topic_id_folded, LOWER(x.enrollment_id) AS enrollment_id_folded FROM (
  SELECT s.enrollment_id, 301 AS topic_type, s.deployment_id AS topic_id, s.enforcement_state AS state_id,
  s.enforcement_at AS at, s.reason, s.error_code
  FROM "config_proxy"."deployment_state" s INNER JOIN "config_proxy"."resource_enrollment" e ON e.enrollment_id = s.enrollment_id
  WHERE (e.resource_id = @0 OR e.user_resource_id = @0) AND s.enforcement_state IS NOT NULL
  UNION ALL 
  SELECT s.enrollment_id, 300 AS topic_type, s.deployment_id AS topic_id, s.compliance_state AS state_id,
  s.compliance_at AS at, NULL AS reason, NULL AS error_code
  FROM "config_proxy"."deployment_state" s INNER JOIN "config_proxy"."resource_enrollment" e ON e.enrollment_id = s.enrollment_id
  WHERE (e.resource_id = @0 OR e.user_resource_id = @0) AND s.compliance_state IS NOT NULL
  UNION ALL 
  SELECT s.enrollment_id, 302 AS topic_type, s.deployment_id AS topic_id, s.evaluation_state AS state_id,
  s.evaluation_at AS at, NULL AS reason, NULL AS error_code
  FROM "config_proxy"."deployment_state" s INNER JOIN "config_proxy"."resource_enrollment" e ON e.enrollment_id = s.enrollment_id
  WHERE (e.resource_id = @0 OR e.user_resource_id = @0) AND s.evaluation_state IS NOT NULL
  UNION ALL SELECT s.enrollment_id, 401 AS topic_type,
  CONCAT(s.deployment_id, '/', s.ci_id) AS topic_id, s.state AS state_id, s.at, s.reason, s.error_code
  FROM "config_proxy"."deployment_item_state" s INNER JOIN "config_proxy"."resource_enrollment" e ON e.enrollment_id = s.enrollment_id
  WHERE (e.resource_id = @0 OR e.user_resource_id = @0) AND s.state >= 0
  UNION ALL SELECT s.enrollment_id, s.topic_type, s.topic_id, s.state_id, s.at, s.reason, s.error_code
  FROM "config_proxy"."state_message" s INNER JOIN "config_proxy"."resource_enrollment" e ON e.enrollment_id = s.enrollment_id
  WHERE (e.resource_id = @0 OR e.user_resource_id = @0) AND s.is_gone = 0) AS x) AS list 
  ORDER BY "topic_type", "topic_id_folded", "enrollment_id_folded" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- [7]

SELECT s.deployment_id, s.enrollment_id FROM "config_proxy"."deployment_state" s
  WHERE s.status = 0 AND s.updated_at < @0 ORDER BY s.updated_at OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [1]

SELECT s.deployment_id, s.ci_id, s.enrollment_id FROM "config_proxy"."deployment_item_state" s
  WHERE s.state = -1 AND s.updated_at < @0 ORDER BY s.updated_at OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [1]

SELECT s.enrollment_id, s.topic_type, s.topic_id FROM "config_proxy"."state_message" s
  WHERE s.is_gone = 1 AND s.updated_at < @0 ORDER BY s.updated_at OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [1]

SELECT MAX(id) AS id FROM "config_proxy"."status_message";
-- []

DELETE FROM "config_proxy"."status_message" WHERE id IN (SELECT id FROM "config_proxy"."status_message"
  WHERE at < @0 OR id <= @1 ORDER BY id OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY);
-- [1,-2]

SELECT resource_id FROM "config_proxy"."collection_member" WHERE collection_id = @0 AND resource_id > @1
  ORDER BY resource_id OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- ["ESP00014",0]

SELECT enrollment_id, kind, is_active, user_resource_id FROM "config_proxy"."resource_enrollment"
  WHERE resource_id = @0 OR user_resource_id = @0
  ORDER BY is_active DESC, enrollment_id;
-- [7]
