SELECT DISTINCT m.resource_id FROM "config_proxy"."collection_member" m
  WHERE m.resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0)) AND m.collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@1) WITH (value nvarchar(400) '$'));
-- ["[1,2]","[\"TST00001\",\"TST00002\"]"]

SELECT e.enrollment_id FROM "config_proxy"."resource_enrollment" e
  WHERE e.enrollment_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) AND EXISTS (
  SELECT 1 FROM "config_proxy"."collection_member" m WHERE (m.resource_id = e.resource_id OR m.resource_id = e.user_resource_id)
  AND m.collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@1) WITH (value nvarchar(400) '$')));
-- ["[\"E1\"]","[\"TST00001\",\"TST00002\"]"]

SELECT collection_id AS id FROM "config_proxy"."collection" WHERE limiting_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'));
-- ["[\"TST00001\",\"TST00002\"]"]

SELECT limiting_id AS id FROM "config_proxy"."collection"
  WHERE limiting_id IS NOT NULL AND collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'))
  UNION SELECT target_id AS id FROM "config_proxy"."collection_rule"
  WHERE target_id IS NOT NULL AND collection_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'));
-- ["[\"TST00001\",\"TST00002\"]"]

SELECT collection_id FROM "config_proxy"."deployment" WHERE id = @0;
-- ["d-1"]

SELECT d.name FROM "config_proxy"."resource" d WHERE EXISTS (SELECT 1 FROM "config_proxy"."collection_member" AS reach_member WHERE reach_member.resource_id = d.resource_id
  AND reach_member.collection_id IN (@0, @1));
-- ["TST00001","TST00002"]

SELECT c.name FROM "config_proxy"."collection" c WHERE c.collection_id IN (@0, @1);
-- ["TST00001","TST00002"]
