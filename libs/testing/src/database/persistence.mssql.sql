-- 2026-01-01-create-thing
CREATE TABLE "mdm"."thing" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "serial" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "note" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "facts" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "secret" varbinary(max) NULL,
  "created_at" bigint NOT NULL,
  "priority" int NOT NULL CONSTRAINT "df_thing_priority" DEFAULT 0,
  "ratio" float NULL,
  "is_open" smallint NOT NULL CONSTRAINT "df_thing_is_open" DEFAULT 1,
  CONSTRAINT "pk_thing" PRIMARY KEY ("id")
);
CREATE INDEX "ix_thing_priority_created_at" ON "mdm"."thing" ("priority" DESC, "created_at") WHERE is_open = 1;
CREATE UNIQUE INDEX "ix_thing_serial" ON "mdm"."thing" ("serial") WHERE serial IS NOT NULL;
-- 2026-01-02-create-part
CREATE TABLE "mdm"."part" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "thing_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT "df_part_name" DEFAULT N'it''s',
  CONSTRAINT "pk_part" PRIMARY KEY ("id"),
  CONSTRAINT "uq_part_thing_id_name" UNIQUE ("thing_id", "name"),
  CONSTRAINT "fk_part_thing_id" FOREIGN KEY ("thing_id") REFERENCES "mdm"."thing" ("id") ON DELETE CASCADE
);
-- 2026-01-03-label-things
ALTER TABLE "mdm"."thing" ADD "label" nvarchar(80) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT "df_thing_label" DEFAULT N'';
UPDATE "mdm"."thing" SET label = 'was: ' + note;
EXEC sp_rename 'mdm.thing.note', 'description', 'COLUMN';
CREATE INDEX "ix_thing_label" ON "mdm"."thing" ("label");
-- 2026-11-21-create-outbox
CREATE TABLE "mdm"."outbox" (
  "sequence" bigint IDENTITY(1,1) NOT NULL,
  "subject" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "message_id" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "payload" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "headers" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "created_at" bigint NOT NULL,
  CONSTRAINT "pk_outbox" PRIMARY KEY ("sequence")
);
CREATE TABLE "mdm"."outbox_lease" (
  "id" int NOT NULL,
  "holder" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "held_until" bigint NOT NULL,
  CONSTRAINT "pk_outbox_lease" PRIMARY KEY ("id")
);
INSERT INTO "mdm"."outbox_lease" (id, holder, held_until) VALUES (1, NULL, 0);
-- 2026-11-21-create-inbox
CREATE TABLE "mdm"."inbox" (
  "durable" nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "message_id" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "handled_at" bigint NOT NULL,
  CONSTRAINT "pk_inbox" PRIMARY KEY ("durable", "message_id")
);
CREATE INDEX "ix_inbox_handled_at" ON "mdm"."inbox" ("handled_at");

-- and back
-- 2026-11-21-create-inbox
DROP TABLE "mdm"."inbox";
-- 2026-11-21-create-outbox
DROP TABLE "mdm"."outbox_lease";
DROP TABLE "mdm"."outbox";
-- 2026-01-03-label-things
DROP INDEX "ix_thing_label" ON "mdm"."thing";
EXEC sp_rename 'mdm.thing.description', 'note', 'COLUMN';
ALTER TABLE "mdm"."thing" DROP CONSTRAINT IF EXISTS "df_thing_label";
ALTER TABLE "mdm"."thing" DROP COLUMN "label";
-- 2026-01-02-create-part
DROP TABLE "mdm"."part";
-- 2026-01-01-create-thing
DROP TABLE "mdm"."thing";
