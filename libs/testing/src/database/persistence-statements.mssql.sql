INSERT INTO "mdm"."thing" ("id", "note", "created_at", "priority", "is_open", "serial") VALUES (@0, @1, @2, @3, @4, NULL);
-- ["A","a note",1750000000000,0,1]

INSERT INTO "mdm"."thing" ("id", "note", "created_at", "priority", "is_open") SELECT @0, @1, @2, @3, @4
  WHERE NOT EXISTS (SELECT 1 FROM "mdm"."thing" WITH (UPDLOCK, HOLDLOCK)
  WHERE "id" = @0);
-- ["A","a note",1750000000000,0,1]

SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE t SET "priority" = v."priority" FROM (VALUES (@0, @1, @2, @3, @4), (@5, @6, @7, @8, @9)) AS v ("id", "note", "created_at", "priority", "is_open") INNER LOOP JOIN "mdm"."thing" AS t WITH (UPDLOCK, HOLDLOCK) ON t."id" = v."id";
  INSERT INTO "mdm"."thing" ("id", "note", "created_at", "priority", "is_open") SELECT v."id", v."note", v."created_at", v."priority", v."is_open" FROM (VALUES (@0, @1, @2, @3, @4), (@5, @6, @7, @8, @9)) AS v ("id", "note", "created_at", "priority", "is_open")
  WHERE NOT EXISTS (SELECT 1 FROM "mdm"."thing" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."id" = v."id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["A","a note",1750000000000,0,1,"B","a note",1750000000000,0,1]

SET XACT_ABORT ON; BEGIN TRANSACTION; 
  INSERT INTO "mdm"."thing" ("id", "note", "created_at", "priority", "is_open") SELECT v."id", v."note", v."created_at", v."priority", v."is_open" FROM (VALUES (@0, @1, @2, @3, @4)) AS v ("id", "note", "created_at", "priority", "is_open")
  WHERE NOT EXISTS (SELECT 1 FROM "mdm"."thing" AS t WITH (UPDLOCK, HOLDLOCK) WHERE t."id" = v."id")
  OPTION (LOOP JOIN); COMMIT TRANSACTION;
-- ["A","a note",1750000000000,0,1]

UPDATE "mdm"."thing" WITH (UPDLOCK, READPAST, ROWLOCK) SET is_open = 0, serial = NULL
  OUTPUT inserted."id", inserted."priority", inserted."is_open"
  WHERE (is_open = 1 AND created_at <= @0) AND "id" IN
  (SELECT TOP (5) "id" FROM "mdm"."thing" WITH (UPDLOCK, READPAST, ROWLOCK)
  WHERE is_open = 1 AND created_at <= @0 ORDER BY "priority" DESC, "id");
-- [1750000000001]

SELECT * FROM (SELECT id, priority FROM "mdm"."thing" WHERE is_open = @0) AS page WHERE ("priority" < @1) OR ("priority" = @1 AND "id" > @2) ORDER BY "priority" DESC, "id"
  OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- [1,3,"T1"]
