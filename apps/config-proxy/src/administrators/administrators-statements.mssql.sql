SELECT a.id, a.name, a.kind, a.is_enabled, s.role_id, s.collection_id FROM "config_proxy"."administrator" a
  LEFT JOIN "config_proxy"."administrator_assignment" s ON s.administrator_id = a.id WHERE a.id = @0;
-- ["a-1"]

SELECT administrator_id, identity_key FROM "config_proxy"."administrator_identity" WHERE identity_key = @0;
-- ["kerberos:a@B"]

SELECT * FROM (SELECT a.id, a.name, a.display_name, a.kind, a.is_enabled, a.is_built_in, a.version, a.created_at,
  a.created_by, a.changed_at, a.changed_by, a.name_folded, a.display_name_folded FROM "config_proxy"."administrator" a) AS list 
  ORDER BY "name_folded", "id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- []

SELECT administrator_id, role_id, collection_id FROM "config_proxy"."administrator_assignment"
  WHERE administrator_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) ORDER BY administrator_id, role_id, collection_id;
-- ["[\"a-1\"]"]

SELECT administrator_id, identity_key FROM "config_proxy"."administrator_identity"
  WHERE administrator_id IN (SELECT value COLLATE Latin1_General_100_BIN2
  FROM OPENJSON(@0) WITH (value nvarchar(400) '$')) ORDER BY identity_key;
-- ["[\"a-1\"]"]

SELECT a.id FROM "config_proxy"."administrator" a WITH (UPDLOCK) WHERE a.id = @0 ;
-- ["00000000-0000-4000-8000-000000000001"]

INSERT INTO "config_proxy"."administrator" ("id", "name", "name_folded", "display_name", "display_name_folded", "is_enabled", "kind", "is_built_in", "version", "created_at", "created_by", "changed_at", "changed_by") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12);
-- ["a-1","Anna","anna","A","a",1,"person",0,1,1,"x",1,"x"]

UPDATE "config_proxy"."administrator" SET name = @0, name_folded = @1, display_name = @2, display_name_folded = @3, is_enabled = @4 WHERE id = @5;
-- ["Anna","anna","A","a",1,"a-1"]

UPDATE "config_proxy"."administrator" SET version = version + 1, changed_at = @0, changed_by = @1 WHERE id = @2;
-- [2,"x","a-1"]

DELETE FROM "config_proxy"."administrator_identity" WHERE administrator_id = @0;
-- ["a-1"]

INSERT INTO "config_proxy"."administrator_identity" ("identity_key", "administrator_id") VALUES (@0, @1);
-- ["kerberos:a@B","a-1"]

DELETE FROM "config_proxy"."administrator_assignment" WHERE administrator_id = @0;
-- ["a-1"]

INSERT INTO "config_proxy"."administrator_assignment" ("administrator_id", "role_id", "collection_id") VALUES (@0, @1, @2), (@3, @4, @5);
-- ["a-1","helpdesk","*","a-1","auditor","TST00001"]

SELECT COUNT(*) AS count FROM "config_proxy"."administrator" a
  INNER JOIN "config_proxy"."administrator_assignment" s ON s.administrator_id = a.id
  WHERE a.is_enabled = 1 AND s.role_id = @0 AND s.collection_id = '*';
-- ["full-administrator"]

SELECT DISTINCT a.name FROM "config_proxy"."administrator" a
  INNER JOIN "config_proxy"."administrator_assignment" s ON s.administrator_id = a.id
  WHERE s.collection_id = @0 ORDER BY a.name;
-- ["TST00001"]

DELETE FROM "config_proxy"."administrator_assignment" WHERE administrator_id = @0;
-- ["a-1"]

DELETE FROM "config_proxy"."administrator_identity" WHERE administrator_id = @0;
-- ["a-1"]

DELETE FROM "config_proxy"."administrator" WHERE id = @0;
-- ["a-1"]
