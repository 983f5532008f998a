-- 2026-11-21-create-mdm
CREATE TABLE "mdm"."enrollment" (
  "id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "device_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "topic" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "device_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "model" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "product_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "os_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "build_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "user_short_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "authenticated_at" bigint NOT NULL,
  "enrolled_at" bigint NULL,
  "removed_at" bigint NULL,
  CONSTRAINT "pk_enrollment" PRIMARY KEY ("id")
);
CREATE INDEX "ix_enrollment_device_id" ON "mdm"."enrollment" ("device_id");
CREATE INDEX "ix_enrollment_serial_number" ON "mdm"."enrollment" ("serial_number");
CREATE UNIQUE INDEX "ix_enrollment_fingerprint" ON "mdm"."enrollment" ("fingerprint") WHERE fingerprint IS NOT NULL;
CREATE TABLE "mdm"."push_token" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "topic" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "token_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "magic_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "unlock_token_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "awaiting_configuration" smallint NOT NULL CONSTRAINT "df_push_token_awaiting_configuration" DEFAULT 0,
  "token_updates" int NOT NULL CONSTRAINT "df_push_token_token_updates" DEFAULT 0,
  "updated_at" bigint NOT NULL,
  CONSTRAINT "pk_push_token" PRIMARY KEY ("enrollment_id")
);
CREATE TABLE "mdm"."push_schedule" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "due_at" bigint NOT NULL,
  "attempts" int NOT NULL CONSTRAINT "df_push_schedule_attempts" DEFAULT 0,
  "forced" smallint NOT NULL CONSTRAINT "df_push_schedule_forced" DEFAULT 0,
  CONSTRAINT "pk_push_schedule" PRIMARY KEY ("enrollment_id")
);
CREATE INDEX "ix_push_schedule_due_at" ON "mdm"."push_schedule" ("due_at");
CREATE TABLE "mdm"."last_seen" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "seen_at" bigint NOT NULL,
  CONSTRAINT "pk_last_seen" PRIMARY KEY ("enrollment_id")
);
CREATE TABLE "mdm"."command" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "request_id" nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "request_hash_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "request_type" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "payload_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_command" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "ix_command_request_id" ON "mdm"."command" ("request_id");
CREATE INDEX "ix_command_created_at" ON "mdm"."command" ("created_at");
CREATE TABLE "mdm"."queued_command" (
  "sequence" bigint IDENTITY(1,1) NOT NULL,
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "command_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "request_type" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_open" smallint NOT NULL CONSTRAINT "df_queued_command_is_open" DEFAULT 1,
  "priority" int NOT NULL CONSTRAINT "df_queued_command_priority" DEFAULT 0,
  "created_at" bigint NOT NULL,
  "sent_at" bigint NULL,
  "not_now_count" int NOT NULL CONSTRAINT "df_queued_command_not_now_count" DEFAULT 0,
  "not_now_since" bigint NULL,
  "completed_at" bigint NULL,
  "error_chain" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_queued_command" PRIMARY KEY ("sequence")
);
CREATE UNIQUE INDEX "ix_queued_command_id" ON "mdm"."queued_command" ("id");
CREATE INDEX "ix_queued_command_command_id" ON "mdm"."queued_command" ("command_id");
CREATE INDEX "ix_queued_command_enrollment_id_sequence" ON "mdm"."queued_command" ("enrollment_id", "sequence" DESC);
CREATE INDEX "queued_command_open" ON "mdm"."queued_command" ("enrollment_id", "priority" DESC, "sequence") WHERE is_open = 1;
CREATE INDEX "queued_command_done" ON "mdm"."queued_command" ("completed_at") WHERE is_open = 0;
CREATE TABLE "mdm"."command_result" (
  "queued_command_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "report_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_command_result" PRIMARY KEY ("queued_command_id")
);
CREATE TABLE "mdm"."enrollment_link" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "token_hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "max_uses" int NOT NULL,
  "uses" int NOT NULL CONSTRAINT "df_enrollment_link_uses" DEFAULT 0,
  "signed" smallint NOT NULL CONSTRAINT "df_enrollment_link_signed" DEFAULT 1,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "expires_at" bigint NOT NULL,
  CONSTRAINT "pk_enrollment_link" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "ix_enrollment_link_token_hash" ON "mdm"."enrollment_link" ("token_hash");
CREATE INDEX "ix_enrollment_link_expires_at" ON "mdm"."enrollment_link" ("expires_at");
CREATE TABLE "mdm"."scep_challenge" (
  "challenge_hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "purpose" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "link_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "created_at" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  "used_at" bigint NULL,
  CONSTRAINT "pk_scep_challenge" PRIMARY KEY ("challenge_hash")
);
CREATE INDEX "ix_scep_challenge_expires_at" ON "mdm"."scep_challenge" ("expires_at");
CREATE TABLE "mdm"."identity_certificate" (
  "serial" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "subject" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "not_before" bigint NOT NULL,
  "not_after" bigint NOT NULL,
  "issued_at" bigint NOT NULL,
  "transaction_id" nvarchar(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "public_key_hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "challenge_hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "certificate" varbinary(max) NOT NULL,
  CONSTRAINT "pk_identity_certificate" PRIMARY KEY ("serial")
);
CREATE UNIQUE INDEX "ix_identity_certificate_fingerprint" ON "mdm"."identity_certificate" ("fingerprint");
CREATE INDEX "ix_identity_certificate_challenge_hash" ON "mdm"."identity_certificate" ("challenge_hash");
CREATE INDEX "ix_identity_certificate_not_after" ON "mdm"."identity_certificate" ("not_after");
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
-- 2026-11-21-mdm-inventory-and-declarations
ALTER TABLE "mdm"."queued_command" ADD "pushed_at" bigint NULL;
ALTER TABLE "mdm"."queued_command" ADD "inventory" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL;
ALTER TABLE "mdm"."command" ADD "skipped" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL;
ALTER TABLE "mdm"."command" ADD "is_standing" smallint NOT NULL CONSTRAINT "df_command_is_standing" DEFAULT 0;
CREATE TABLE "mdm"."inventory_schedule" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "due_at" bigint NOT NULL,
  "rounds" int NOT NULL CONSTRAINT "df_inventory_schedule_rounds" DEFAULT 0,
  CONSTRAINT "pk_inventory_schedule" PRIMARY KEY ("enrollment_id")
);
CREATE INDEX "ix_inventory_schedule_due_at" ON "mdm"."inventory_schedule" ("due_at");
INSERT INTO "mdm"."inventory_schedule" (enrollment_id, due_at)
       SELECT id, authenticated_at FROM "mdm"."enrollment" WHERE state = 'enrolled';
CREATE TABLE "mdm"."declaration" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "identifier" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "type" nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "server_token" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "body_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "used_at" bigint NOT NULL,
  CONSTRAINT "pk_declaration" PRIMARY KEY ("id")
);
CREATE INDEX "ix_declaration_used_at" ON "mdm"."declaration" ("used_at");
CREATE TABLE "mdm"."declaration_set" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "used_at" bigint NOT NULL,
  CONSTRAINT "pk_declaration_set" PRIMARY KEY ("id")
);
CREATE INDEX "ix_declaration_set_used_at" ON "mdm"."declaration_set" ("used_at");
CREATE TABLE "mdm"."declaration_set_item" (
  "set_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "declaration_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_declaration_set_item" PRIMARY KEY ("set_id", "declaration_id")
);
CREATE INDEX "ix_declaration_set_item_declaration_id" ON "mdm"."declaration_set_item" ("declaration_id");
CREATE TABLE "mdm"."enrollment_declarations" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "set_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "set_at" bigint NULL,
  "advertised_set_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "status" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "status_at" bigint NULL,
  CONSTRAINT "pk_enrollment_declarations" PRIMARY KEY ("enrollment_id")
);
CREATE INDEX "ix_enrollment_declarations_set_id" ON "mdm"."enrollment_declarations" ("set_id");
CREATE INDEX "ix_enrollment_declarations_advertised_set_id" ON "mdm"."enrollment_declarations" ("advertised_set_id");
-- 2026-11-21-resync-of-declarations
ALTER TABLE "mdm"."enrollment_declarations" ADD "sync_mark" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL;
-- 2026-11-21-revocable-links
ALTER TABLE "mdm"."enrollment_link" ADD "revoked_at" bigint NULL;
ALTER TABLE "mdm"."enrollment_link" ADD "revoked_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL;
CREATE INDEX "ix_scep_challenge_link_id" ON "mdm"."scep_challenge" ("link_id");

-- and back
-- 2026-11-21-revocable-links
DROP INDEX "ix_scep_challenge_link_id" ON "mdm"."scep_challenge";
ALTER TABLE "mdm"."enrollment_link" DROP CONSTRAINT IF EXISTS "df_enrollment_link_revoked_by";
ALTER TABLE "mdm"."enrollment_link" DROP COLUMN "revoked_by";
ALTER TABLE "mdm"."enrollment_link" DROP CONSTRAINT IF EXISTS "df_enrollment_link_revoked_at";
ALTER TABLE "mdm"."enrollment_link" DROP COLUMN "revoked_at";
-- 2026-11-21-resync-of-declarations
ALTER TABLE "mdm"."enrollment_declarations" DROP CONSTRAINT IF EXISTS "df_enrollment_declarations_sync_mark";
ALTER TABLE "mdm"."enrollment_declarations" DROP COLUMN "sync_mark";
-- 2026-11-21-mdm-inventory-and-declarations
DROP TABLE "mdm"."enrollment_declarations";
DROP TABLE "mdm"."declaration_set_item";
DROP TABLE "mdm"."declaration_set";
DROP TABLE "mdm"."declaration";
DROP TABLE "mdm"."inventory_schedule";
ALTER TABLE "mdm"."command" DROP CONSTRAINT IF EXISTS "df_command_is_standing";
ALTER TABLE "mdm"."command" DROP COLUMN "is_standing";
ALTER TABLE "mdm"."command" DROP CONSTRAINT IF EXISTS "df_command_skipped";
ALTER TABLE "mdm"."command" DROP COLUMN "skipped";
ALTER TABLE "mdm"."queued_command" DROP CONSTRAINT IF EXISTS "df_queued_command_inventory";
ALTER TABLE "mdm"."queued_command" DROP COLUMN "inventory";
ALTER TABLE "mdm"."queued_command" DROP CONSTRAINT IF EXISTS "df_queued_command_pushed_at";
ALTER TABLE "mdm"."queued_command" DROP COLUMN "pushed_at";
-- 2026-11-21-create-outbox
DROP TABLE "mdm"."outbox_lease";
DROP TABLE "mdm"."outbox";
-- 2026-11-21-create-mdm
DROP TABLE "mdm"."identity_certificate";
DROP TABLE "mdm"."scep_challenge";
DROP TABLE "mdm"."enrollment_link";
DROP TABLE "mdm"."command_result";
DROP TABLE "mdm"."queued_command";
DROP TABLE "mdm"."command";
DROP TABLE "mdm"."last_seen";
DROP TABLE "mdm"."push_schedule";
DROP TABLE "mdm"."push_token";
DROP TABLE "mdm"."enrollment";
