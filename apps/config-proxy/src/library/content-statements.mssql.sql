INSERT INTO "config_proxy"."content_item" ("id", "name", "name_folded", "file_name", "size", "sha256", "created_at", "created_by", "unused_since") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8);
-- ["a","x","x","x.pkg",1,"ab",1,"spec",1]

SELECT i.id, i.name, i.name_folded, i.file_name, i.size, i.sha256, i.created_at, i.created_by,
  CASE WHEN EXISTS (SELECT 1 FROM "config_proxy"."content_reference" r WHERE r.content_id = i.id) THEN 1 ELSE 0 END AS is_distributed FROM "config_proxy"."content_item" i WHERE i.id = @0;
-- ["a"]

SELECT * FROM (SELECT i.id, i.name, i.name_folded, i.file_name, i.size, i.sha256, i.created_at, i.created_by,
  CASE WHEN EXISTS (SELECT 1 FROM "config_proxy"."content_reference" r WHERE r.content_id = i.id) THEN 1 ELSE 0 END AS is_distributed FROM "config_proxy"."content_item" i) AS list WHERE list."is_distributed" = @0
  ORDER BY "name_folded", "id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- [1]

SELECT i.id, i.name, i.size FROM "config_proxy"."content_item" i WITH (UPDLOCK) WHERE i.id IN (@0, @1) ORDER BY i.id ;
-- ["a","b"]

INSERT INTO "config_proxy"."content_reference" ("content_id", "thing_id", "revision") VALUES (@0, @1, @2);
-- ["a","thing",1]

UPDATE "config_proxy"."content_item" SET unused_since = @0
  WHERE id IN (SELECT content_id FROM "config_proxy"."content_reference" WHERE thing_id = @1);
-- [2,"thing"]

DELETE FROM "config_proxy"."content_reference" WHERE thing_id = @0;
-- ["thing"]

SELECT DISTINCT t.id, t.name, t.kind FROM "config_proxy"."content_reference" r
  INNER JOIN "config_proxy"."library_thing" t ON t.id = r.thing_id WHERE r.content_id = @0;
-- ["a"]

DELETE FROM "config_proxy"."content_item" WHERE id = @0;
-- ["a"]

SELECT i.id FROM "config_proxy"."content_item" i WHERE i.unused_since < @0
  AND NOT EXISTS (SELECT 1 FROM "config_proxy"."content_reference" r WHERE r.content_id = i.id)
  ORDER BY i.unused_since OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [3]

DELETE FROM "config_proxy"."content_item" WHERE id = @0 AND unused_since < @1
  AND NOT EXISTS (SELECT 1 FROM "config_proxy"."content_reference" r WHERE r.content_id = @0);
-- ["a",3]

SELECT b.sha256, b.size, b."file", b.created_at FROM "config_proxy"."content_blob" b WHERE b.sha256 = @0
  AND EXISTS (SELECT 1 FROM "config_proxy"."content_item" i INNER JOIN "config_proxy"."content_reference" r ON r.content_id = i.id
  WHERE i.sha256 = @0 AND i.file_name = @1);
-- ["ab","x.pkg"]

SELECT b.sha256, b.size, b."file", b.created_at FROM "config_proxy"."content_blob" b WITH (REPEATABLEREAD) WHERE b.sha256 = @0 ;
-- ["ab"]

INSERT INTO "config_proxy"."content_blob" ("sha256", "size", "file", "created_at") SELECT @0, @1, @2, @3
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."content_blob" WITH (UPDLOCK, HOLDLOCK)
  WHERE "sha256" = @0);
-- ["ab",1,"ab-1",1]

SELECT SUM(size) AS bytes FROM "config_proxy"."content_blob";
-- []

SELECT b.sha256, b.size, b."file", b.created_at FROM "config_proxy"."content_blob" b WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."content_item" i WHERE i.sha256 = b.sha256)
  AND NOT EXISTS (SELECT 1 FROM "config_proxy"."content_upload" u WHERE u.sha256 = b.sha256)
  ORDER BY b.sha256 OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- []

SELECT b.sha256 FROM "config_proxy"."content_blob" b WHERE b.sha256 = @0 AND NOT EXISTS (SELECT 1 FROM "config_proxy"."content_item" i WHERE i.sha256 = b.sha256)
  AND NOT EXISTS (SELECT 1 FROM "config_proxy"."content_upload" u WHERE u.sha256 = b.sha256);
-- ["ab"]

SELECT b."file" FROM "config_proxy"."content_blob" b WHERE b."file" IN (@0);
-- ["ab-1"]

INSERT INTO "config_proxy"."content_upload" ("id", "name", "file_name", "size", "sha256", "created_at", "created_by", "touched_at", "writer", "writer_until") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, NULL, @8);
-- ["u","x","x.pkg",1,"ab",1,"spec",1,0]

SELECT id, name, file_name, size, sha256, created_at, created_by, touched_at FROM "config_proxy"."content_upload" WHERE id = @0;
-- ["u"]

SELECT * FROM (SELECT id, name, file_name, size, sha256, created_at, created_by, touched_at FROM "config_proxy"."content_upload") AS page  ORDER BY "created_at" DESC, "id"
  OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- []

UPDATE "config_proxy"."content_upload" SET writer = @0, writer_until = @1, touched_at = @2
  WHERE id = @3 AND (writer IS NULL OR writer = @0 OR writer_until < @2);
-- ["replica",2,1,"u"]

UPDATE "config_proxy"."content_upload" SET writer = NULL, writer_until = 0, touched_at = @0
  WHERE id = @1 AND writer = @2;
-- [2,"u","replica"]

DELETE FROM "config_proxy"."content_upload" WHERE id = @0;
-- ["u"]

SELECT SUM(size) AS bytes FROM "config_proxy"."content_upload";
-- []

SELECT id FROM "config_proxy"."content_upload" WHERE touched_at < @0
  ORDER BY touched_at OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- [3]

DELETE FROM "config_proxy"."content_upload" WHERE id = @0 AND touched_at < @1;
-- ["u",3]

SELECT id FROM "config_proxy"."content_upload" WHERE id IN (@0);
-- ["u"]
