SELECT e.definition_version FROM "config_proxy"."collection_evaluation" e WITH (UPDLOCK) WHERE e.id = 1 ;
-- []

SELECT STRING_AGG(CAST(resource_id AS varchar(max)), ',') AS ids FROM "config_proxy"."resource"
  WHERE resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0)) AND kind = @1 AND state = 'active';
-- ["[16777219,16777220]","device"]

SELECT MAX(resource_id) AS resource_id FROM (
  SELECT resource_id FROM "config_proxy"."resource" WHERE resource_id BETWEEN @0 AND @1
  ORDER BY resource_id OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY) AS chunk;
-- [1,9]

SELECT collection_id, is_direct, STRING_AGG(CAST(resource_id AS varchar(max)), ',') AS ids
  FROM "config_proxy"."collection_member" WHERE resource_id BETWEEN @0 AND @1 AND collection_id IN (@2)
  GROUP BY collection_id, is_direct;
-- [1,9,"DEV0000K"]

SELECT collection_id, STRING_AGG(CAST(resource_id AS varchar(max)), ',') AS ids
  FROM "config_proxy"."collection_direct_rule" WHERE resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0)) GROUP BY collection_id;
-- ["[16777219,16777220]"]

INSERT INTO "config_proxy"."collection_member" (collection_id, resource_id, is_direct, joined_at)
  SELECT j.collection, CAST(items.value AS integer), j.direct, CAST(@0 AS bigint)
  FROM (SELECT collection COLLATE Latin1_General_100_BIN2 AS collection, direct, ids
  FROM OPENJSON(@1) WITH (collection nvarchar(1000) '$.collection', direct bigint '$.direct', ids nvarchar(max) '$.ids' AS JSON) AS r) AS j CROSS APPLY OPENJSON(j.ids) AS items;
-- [7,"[{\"collection\":\"DEV0000K\",\"direct\":1,\"ids\":[16777219]},{\"collection\":\"DEV0000K\",\"direct\":0,\"ids\":[16777220]}]"]

DELETE FROM "config_proxy"."collection_member" WHERE collection_id = @0 AND resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@1));
-- ["DEV0000K","[16777221]"]

UPDATE "config_proxy"."collection_member" SET is_direct = 0 WHERE collection_id = @0 AND resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@1));
-- ["DEV0000K","[16777222]"]

UPDATE "config_proxy"."collection" SET member_count = member_count + d.joined_count - d.left_count,
  last_member_change_at = @0, evaluation_joined = evaluation_joined + d.joined_count,
  evaluation_left = evaluation_left + d.left_count
  FROM (SELECT changed_id COLLATE Latin1_General_100_BIN2 AS changed_id, joined_count, left_count
  FROM OPENJSON(@1) WITH (changed_id nvarchar(1000) '$.changed_id', joined_count bigint '$.joined_count', left_count bigint '$.left_count') AS r) AS d WHERE collection_id = d.changed_id;
-- [7,"[{\"changed_id\":\"DEV0000K\",\"joined_count\":2,\"left_count\":1}]"]

SELECT collection_id, member_count FROM "config_proxy"."collection" WHERE collection_id IN (@0);
-- ["DEV0000K"]

INSERT INTO "config_proxy"."resource_change" ("resource_id", "classes") VALUES (@0, @1);
-- [16777219,"[\"*\"]"]

SELECT change_id, classes FROM "config_proxy"."resource_change" WHERE resource_id = 0
  ORDER BY change_id OFFSET 0 ROWS FETCH NEXT 20 ROWS ONLY;
-- []

INSERT INTO "config_proxy"."resource_change" ("resource_id", "classes") VALUES (@0, @1), (@2, @3);
-- [1,"[]",2,"[]"]

DELETE FROM "config_proxy"."resource_change" WHERE change_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[]"]

SELECT c.change_id, c.resource_id, c.classes FROM "config_proxy"."resource_change" c WHERE c.resource_id IN (
  SELECT o.resource_id FROM (SELECT resource_id FROM "config_proxy"."resource_change"
  WHERE resource_id <> 0 ORDER BY change_id OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY) AS o)
  ORDER BY c.change_id;
-- []

DELETE FROM "config_proxy"."resource_change" WHERE change_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[4]"]

SELECT c.collection_id FROM "config_proxy"."collection" c WITH (REPEATABLEREAD) WHERE c.collection_id = @0 ;
-- ["DEV0000K"]

INSERT INTO "config_proxy"."scope_collection" ("collection_id", "is_deployed", "has_windows", "is_tracked", "version") SELECT @0, @1, @2, @3, @4
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."scope_collection" WITH (UPDLOCK, HOLDLOCK)
  WHERE "collection_id" = @0);
-- ["DEV0000K",0,0,0,0]

UPDATE "config_proxy"."scope_collection" SET is_deployed = @0, version = version + 1 WHERE collection_id = @1;
-- [1,"DEV0000K"]

SELECT is_deployed, has_windows, is_tracked FROM "config_proxy"."scope_collection" WHERE collection_id = @0;
-- ["DEV0000K"]

UPDATE "config_proxy"."scope_collection" SET is_tracked = @0 WHERE collection_id = @1;
-- [0,"DEV0000K"]

SELECT enrollment_id, kind, resource_id, user_resource_id FROM "config_proxy"."resource_enrollment"
  WHERE is_active = 1 AND resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[16777219]"]

SELECT enrollment_id, kind, resource_id, user_resource_id FROM "config_proxy"."resource_enrollment"
  WHERE is_active = 1 AND user_resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[16777219]"]

SELECT m.collection_id, m.resource_id FROM "config_proxy"."collection_member" m
  INNER JOIN "config_proxy"."scope_collection" s ON s.collection_id = m.collection_id AND s.is_tracked = 1
  WHERE m.resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[16777219]"]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "member_id" = v."member_id" FROM (VALUES (@0, @1)) AS v ("enrollment_id", "member_id") INNER LOOP JOIN "config_proxy"."scope_enrollment" AS t WITH (UPDLOCK, HOLDLOCK) ON t."enrollment_id" = v."enrollment_id";
  INSERT INTO "config_proxy"."scope_enrollment" ("enrollment_id", "member_id") SELECT v."enrollment_id", v."member_id" FROM (VALUES (@0, @1)) AS v ("enrollment_id", "member_id")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."scope_enrollment" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."enrollment_id" = v."enrollment_id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["E1",16777219]

DELETE FROM "config_proxy"."scope_enrollment" WHERE enrollment_id IN (@0);
-- ["E2"]

SELECT CASE WHEN c.kind = 'user' THEN (SELECT COUNT(*) FROM "config_proxy"."collection_member" m
  LEFT JOIN "config_proxy"."resource_enrollment" e ON e.user_resource_id = m.resource_id AND e.is_active = 1
  WHERE m.collection_id = c.collection_id) ELSE c.member_count END AS devices
  FROM "config_proxy"."collection" c WHERE c.collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'));
-- ["[\"DEV0000K\"]"]

SELECT c.collection_id FROM "config_proxy"."collection" c
  WHERE c.collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) AND (c.status <> 'ready' OR c.changed_at > @1);
-- ["[\"DEV0000K\"]",7]

SELECT c.collection_id, c.version FROM "config_proxy"."collection" c WHERE c.collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'));
-- ["[\"DEV0000K\"]"]

SELECT DISTINCT d.collection_id FROM "config_proxy"."deployment" d WHERE d.collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'))
  ORDER BY d.collection_id;
-- ["[\"DEV0000K\"]"]

SELECT COUNT(*) AS devices FROM "config_proxy"."resource" r
  LEFT JOIN "config_proxy"."resource_enrollment" e ON e.user_resource_id = r.resource_id AND e.is_active = 1
  WHERE r.resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[2063597569]"]

SELECT COUNT(*) AS devices FROM "config_proxy"."resource" r
  LEFT JOIN "config_proxy"."resource_enrollment" e ON e.user_resource_id = r.resource_id AND e.is_active = 1
  WHERE r.kind = @0 AND r.state = 'active';
-- ["user"]
