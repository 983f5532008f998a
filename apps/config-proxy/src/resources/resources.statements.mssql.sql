SELECT r."resource_type", r."netbios_name", r."serial_number", r."hardware_uuid", r."udid", r."platform", r."model", r."model_name", r."os_name", r."os_version", r."os_major_version", r."os_build", r."smsid", r."state", r."is_client", r."client_type", r."is_active", r."is_obsolete", r."is_decommissioned", r."last_user_name", r."last_user_at", r."full_name", r."mail", r."updated_at", r."version", r."facts_at", r."enrolled_at", r."decommissioned_at", r."resource_id", r."kind", r."name", r."site_code", r."created_at", i.reported_at AS device_reported_at FROM "config_proxy"."resource" AS r WITH (UPDLOCK)
  LEFT JOIN "config_proxy"."inventory_report" AS i ON i.resource_id = r.resource_id AND i.source = 'device'
  WHERE r.resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0)) ORDER BY r.resource_id ;
-- ["[1,2]"]

SELECT resource_id FROM "config_proxy"."resource" WHERE udid IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) UNION SELECT resource_id FROM "config_proxy"."resource" WHERE serial_number IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@1) WITH (value nvarchar(400) '$'));
-- ["[\"U\"]","[\"S\"]"]

SELECT r."resource_type", r."netbios_name", r."serial_number", r."hardware_uuid", r."udid", r."platform", r."model", r."model_name", r."os_name", r."os_version", r."os_major_version", r."os_build", r."smsid", r."state", r."is_client", r."client_type", r."is_active", r."is_obsolete", r."is_decommissioned", r."last_user_name", r."last_user_at", r."full_name", r."mail", r."updated_at", r."version", r."facts_at", r."enrolled_at", r."decommissioned_at", r."resource_id", r."kind", r."name", r."site_code", r."created_at" FROM "config_proxy"."resource" AS r WHERE r.kind = 'user' AND r.name IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'))
  ORDER BY r.resource_id;
-- ["[\"jane\"]"]

SET XACT_ABORT ON; BEGIN TRANSACTION; 
  INSERT INTO "config_proxy"."resource_enrollment" ("enrollment_id", "resource_id", "user_resource_id", "device_enrollment_id", "kind", "is_active", "state", "state_at", "enrolled_at", "removed_at", "enrollment_id_folded", "kind_folded", "state_folded") SELECT v."enrollment_id", v."resource_id", v."user_resource_id", v."device_enrollment_id", v."kind", v."is_active", v."state", v."state_at", v."enrolled_at", v."removed_at", v."enrollment_id_folded", v."kind_folded", v."state_folded" FROM (VALUES (@0, NULL, NULL, @1, @2, @3, @4, @5, NULL, NULL, @6, @7, @8), (@9, NULL, NULL, @10, @11, @12, @13, @14, NULL, NULL, @15, @16, @17)) AS v ("enrollment_id", "resource_id", "user_resource_id", "device_enrollment_id", "kind", "is_active", "state", "state_at", "enrolled_at", "removed_at", "enrollment_id_folded", "kind_folded", "state_folded")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."resource_enrollment" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."enrollment_id" = v."enrollment_id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["U","U","device",0,"pending",0,"u","device","pending","U:jane","U","user",0,"pending",0,"u:jane","user","pending"]

SELECT enrollment_id, resource_id, user_resource_id, device_enrollment_id, kind, is_active, state,
  state_at, enrolled_at, removed_at FROM "config_proxy"."resource_enrollment" AS e WITH (UPDLOCK)
  WHERE enrollment_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) ORDER BY enrollment_id ;
-- ["[\"U\",\"U:jane\"]"]

SELECT e.enrollment_id, e.resource_id, r.last_user_name, r.udid, r.facts_at
  FROM "config_proxy"."resource_enrollment" AS e
  INNER JOIN "config_proxy"."resource" AS r ON r.resource_id = e.resource_id
  WHERE e.enrollment_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$'));
-- ["[\"U\"]"]

SELECT enrollment_id, resource_id, user_resource_id, device_enrollment_id, kind, is_active, state,
  state_at, enrolled_at, removed_at FROM "config_proxy"."resource_enrollment" AS e WITH (UPDLOCK)
  WHERE device_enrollment_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) AND kind = 'user' AND resource_id IS NULL
  ORDER BY enrollment_id ;
-- ["[\"U\"]"]

SELECT enrollment_id, resource_id, user_resource_id, device_enrollment_id, kind, is_active, state,
  state_at, enrolled_at, removed_at FROM "config_proxy"."resource_enrollment" WHERE resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0))
  ORDER BY enrollment_id;
-- ["[1]"]

UPDATE s SET last_seen_at = n.at FROM "config_proxy"."resource_seen" AS s
  INNER JOIN (SELECT e.resource_id, MAX(v.at) AS at FROM (SELECT id COLLATE Latin1_General_100_BIN2 AS id, at FROM OPENJSON(@0)
  WITH (id nvarchar(384) '$.id', at bigint '$.at')) AS v
  INNER JOIN "config_proxy"."resource_enrollment" AS e ON e.enrollment_id = v.id
  WHERE e.resource_id IS NOT NULL GROUP BY e.resource_id) AS n ON n.resource_id = s.resource_id AND s.last_seen_at < n.at;
-- ["[{\"id\":\"U\",\"at\":5}]"]

SELECT i.resource_id, i.source, i.reported_at, i.fingerprints FROM "config_proxy"."inventory_report" AS i WITH (UPDLOCK)
  WHERE i.resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0)) AND i.source IN (@1)
  ORDER BY i.resource_id, i.source ;
-- ["[1]","device"]

SET XACT_ABORT ON; BEGIN TRANSACTION; 
  INSERT INTO "config_proxy"."inventory_report" ("resource_id", "source", "reported_at", "fingerprints") SELECT v."resource_id", v."source", v."reported_at", v."fingerprints" FROM (VALUES (@0, @1, @2, @3)) AS v ("resource_id", "source", "reported_at", "fingerprints")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."inventory_report" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."resource_id" = v."resource_id" AND t."source" = v."source")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- [1,"device",0,"{}"]

SELECT i.resource_id, i.source, i.reported_at, i.fingerprints FROM "config_proxy"."inventory_report" AS i WITH (UPDLOCK)
  WHERE i.resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0)) AND i.source IN (@1)
  ORDER BY i.resource_id, i.source ;
-- ["[1]","device"]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "reported_at" = v."reported_at", "fingerprints" = v."fingerprints" FROM (VALUES (@0, @1, @2, @3)) AS v ("resource_id", "source", "reported_at", "fingerprints") INNER LOOP JOIN "config_proxy"."inventory_report" AS t WITH (UPDLOCK, HOLDLOCK) ON t."resource_id" = v."resource_id" AND t."source" = v."source";
  INSERT INTO "config_proxy"."inventory_report" ("resource_id", "source", "reported_at", "fingerprints") SELECT v."resource_id", v."source", v."reported_at", v."fingerprints" FROM (VALUES (@0, @1, @2, @3)) AS v ("resource_id", "source", "reported_at", "fingerprints")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."inventory_report" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."resource_id" = v."resource_id" AND t."source" = v."source")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- [1,"device",5,"{\"disk\":\"f\"}"]

SELECT resource_id, instance_key, fingerprint, revision_id FROM "config_proxy"."gs_disk"
  WHERE resource_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@0));
-- ["[1]"]

INSERT INTO "config_proxy"."hs_disk" ("resource_id", "instance_key", "fingerprint", "revision_id", "time_stamp", "caption", "caption_folded", "size", replaced_at)
  SELECT i."resource_id", i."instance_key", i."fingerprint", i."revision_id", i."time_stamp", i."caption", i."caption_folded", i."size", v.at FROM (SELECT id, name COLLATE Latin1_General_100_BIN2 AS name, at
  FROM OPENJSON(@0) WITH (id bigint '$.id', name nvarchar(1000) '$.name', at bigint '$.at') AS r) AS v INNER LOOP JOIN "config_proxy"."gs_disk" AS i ON i.resource_id = v.id AND i.instance_key = v.name;
-- ["[{\"id\":1,\"name\":\"gone\",\"at\":5},{\"id\":1,\"name\":\"\",\"at\":5}]"]

DELETE FROM "config_proxy"."gs_disk" WHERE EXISTS (SELECT 1 FROM (SELECT id, name COLLATE Latin1_General_100_BIN2 AS name, at
  FROM OPENJSON(@0) WITH (id bigint '$.id', name nvarchar(1000) '$.name', at bigint '$.at') AS r) AS v WHERE v.id = resource_id AND v.name = instance_key);
-- ["[{\"id\":1,\"name\":\"gone\",\"at\":5}]"]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "fingerprint" = v."fingerprint", "revision_id" = v."revision_id", "time_stamp" = v."time_stamp", "caption" = v."caption", "caption_folded" = v."caption_folded", "size" = v."size" FROM (VALUES (@0, @1, @2, @3, @4, @5, @6, @7)) AS v ("resource_id", "instance_key", "fingerprint", "revision_id", "time_stamp", "caption", "caption_folded", "size") INNER LOOP JOIN "config_proxy"."gs_disk" AS t WITH (UPDLOCK, HOLDLOCK) ON t."resource_id" = v."resource_id" AND t."instance_key" = v."instance_key";
  INSERT INTO "config_proxy"."gs_disk" ("resource_id", "instance_key", "fingerprint", "revision_id", "time_stamp", "caption", "caption_folded", "size") SELECT v."resource_id", v."instance_key", v."fingerprint", v."revision_id", v."time_stamp", v."caption", v."caption_folded", v."size" FROM (VALUES (@0, @1, @2, @3, @4, @5, @6, @7)) AS v ("resource_id", "instance_key", "fingerprint", "revision_id", "time_stamp", "caption", "caption_folded", "size")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."gs_disk" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."resource_id" = v."resource_id" AND t."instance_key" = v."instance_key")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- [1,"","f",2,5,"x","x",1]

SELECT "resource_id", "instance_key", "fingerprint", "revision_id", "time_stamp", "replaced_at", "caption", "size"
  FROM "config_proxy"."hs_disk" WHERE resource_id = @0
  ORDER BY replaced_at DESC, id DESC OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY;
-- [1]

DELETE FROM "config_proxy"."hs_disk" WHERE replaced_at < @0 AND id IN
  (SELECT id FROM "config_proxy"."hs_disk" ORDER BY id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY);
-- [5]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "property_name" = v."property_name", "property_value" = v."property_value", "property_value_folded" = v."property_value_folded", "updated_at" = v."updated_at", "updated_by" = v."updated_by" FROM (VALUES (@0, @1, @2, @3, @4, @5, @6)) AS v ("resource_id", "property_name", "property_name_folded", "property_value", "property_value_folded", "updated_at", "updated_by") INNER LOOP JOIN "config_proxy"."extension_data" AS t WITH (UPDLOCK, HOLDLOCK) ON t."resource_id" = v."resource_id" AND t."property_name_folded" = v."property_name_folded";
  INSERT INTO "config_proxy"."extension_data" ("resource_id", "property_name", "property_name_folded", "property_value", "property_value_folded", "updated_at", "updated_by") SELECT v."resource_id", v."property_name", v."property_name_folded", v."property_value", v."property_value_folded", v."updated_at", v."updated_by" FROM (VALUES (@0, @1, @2, @3, @4, @5, @6)) AS v ("resource_id", "property_name", "property_name_folded", "property_value", "property_value_folded", "updated_at", "updated_by")
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."extension_data" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."resource_id" = v."resource_id" AND t."property_name_folded" = v."property_name_folded")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- [1,"AssetTag","assettag","A1","a1",5,"admin"]

SELECT a.resource_id, a.user_resource_id, a.by_enrollment, a.by_admin, a.is_primary, a.created_at,
  d.name AS device_name, u.name AS user_name, u.full_name
  FROM "config_proxy"."user_affinity" AS a
  INNER JOIN "config_proxy"."resource" AS d ON d.resource_id = a.resource_id
  INNER JOIN "config_proxy"."resource" AS u ON u.resource_id = a.user_resource_id
  WHERE a.resource_id = @0 ORDER BY a.is_primary DESC, a.resource_id, a.user_resource_id;
-- [1]
