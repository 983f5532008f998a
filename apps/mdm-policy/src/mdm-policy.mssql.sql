-- 2026-11-21-create-mdm-policy
CREATE TABLE "mdm_policy"."enrollment" (
  "id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state_at" bigint NOT NULL,
  "epoch_at" bigint NOT NULL,
  "platform" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "time_zone" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "facts_at" bigint NULL,
  CONSTRAINT "pk_enrollment" PRIMARY KEY ("id")
);
CREATE TABLE "mdm_policy"."agenda" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "due_at" bigint NULL,
  "evaluated_at" bigint NULL,
  "sequence" bigint NOT NULL CONSTRAINT "df_agenda_sequence" DEFAULT 0,
  "profiles_asked_at" bigint NULL,
  "device_asked_at" bigint NULL,
  "is_wanted" smallint NOT NULL CONSTRAINT "df_agenda_is_wanted" DEFAULT 0,
  CONSTRAINT "pk_agenda" PRIMARY KEY ("enrollment_id")
);
CREATE INDEX "ix_agenda_due_at" ON "mdm_policy"."agenda" ("due_at") WHERE due_at IS NOT NULL;
CREATE TABLE "mdm_policy"."scope" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "dropped_version" bigint NOT NULL CONSTRAINT "df_scope_dropped_version" DEFAULT -1,
  "windows_version" bigint NOT NULL CONSTRAINT "df_scope_windows_version" DEFAULT -1,
  "windows" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "heard_at" bigint NOT NULL,
  CONSTRAINT "pk_scope" PRIMARY KEY ("collection_id")
);
CREATE TABLE "mdm_policy"."scope_member" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" bigint NOT NULL,
  "is_member" smallint NOT NULL,
  "since" bigint NOT NULL,
  CONSTRAINT "pk_scope_member" PRIMARY KEY ("collection_id", "enrollment_id")
);
CREATE INDEX "ix_scope_member_enrollment_id" ON "mdm_policy"."scope_member" ("enrollment_id");
CREATE TABLE "mdm_policy"."deployment" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" bigint NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_deleted" smallint NOT NULL,
  "definition" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "is_rolling_out" smallint NOT NULL,
  "changed_at" bigint NOT NULL,
  CONSTRAINT "pk_deployment" PRIMARY KEY ("id")
);
CREATE INDEX "ix_deployment_collection_id" ON "mdm_policy"."deployment" ("collection_id");
CREATE TABLE "mdm_policy"."spread" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "after_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_spread" PRIMARY KEY ("id")
);
CREATE TABLE "mdm_policy"."profile_report" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "as_of" bigint NOT NULL,
  "reported_at" bigint NOT NULL,
  "profiles" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_profile_report" PRIMARY KEY ("enrollment_id")
);
CREATE TABLE "mdm_policy"."declaration_report" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "full_at" bigint NULL,
  "declarations" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_declaration_report" PRIMARY KEY ("enrollment_id")
);
CREATE TABLE "mdm_policy"."managed_item" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "item_key" nvarchar(43) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "memory" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_managed_item" PRIMARY KEY ("enrollment_id", "item_key")
);
CREATE TABLE "mdm_policy"."assignment" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "targeted_at" bigint NOT NULL,
  "evaluated_at" bigint NULL,
  "outcome" nvarchar(24) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "told" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_assignment" PRIMARY KEY ("enrollment_id", "deployment_id")
);
CREATE INDEX "ix_assignment_deployment_id_outcome" ON "mdm_policy"."assignment" ("deployment_id", "outcome");
CREATE TABLE "mdm_policy"."handover" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "rank" int NOT NULL,
  "spec" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_ids" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_count" int NOT NULL,
  "created_at" bigint NOT NULL,
  "due_at" bigint NOT NULL,
  "attempts" int NOT NULL CONSTRAINT "df_handover_attempts" DEFAULT 0,
  CONSTRAINT "pk_handover" PRIMARY KEY ("id")
);
CREATE INDEX "ix_handover_due_at" ON "mdm_policy"."handover" ("due_at");
CREATE TABLE "mdm_policy"."early_completion" (
  "command_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "completion" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "heard_at" bigint NOT NULL,
  CONSTRAINT "pk_early_completion" PRIMARY KEY ("command_id")
);
CREATE INDEX "ix_early_completion_heard_at" ON "mdm_policy"."early_completion" ("heard_at");
CREATE TABLE "mdm_policy"."notice" (
  "subject" nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "said_at" bigint NOT NULL,
  CONSTRAINT "pk_notice" PRIMARY KEY ("subject")
);
CREATE INDEX "ix_notice_said_at" ON "mdm_policy"."notice" ("said_at");
-- 2026-11-21-create-outbox
CREATE TABLE "mdm_policy"."outbox" (
  "sequence" bigint IDENTITY(1,1) NOT NULL,
  "subject" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "message_id" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "payload" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "headers" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "created_at" bigint NOT NULL,
  CONSTRAINT "pk_outbox" PRIMARY KEY ("sequence")
);
CREATE TABLE "mdm_policy"."outbox_lease" (
  "id" int NOT NULL,
  "holder" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "held_until" bigint NOT NULL,
  CONSTRAINT "pk_outbox_lease" PRIMARY KEY ("id")
);
INSERT INTO "mdm_policy"."outbox_lease" (id, holder, held_until) VALUES (1, NULL, 0);
-- 2026-11-21-create-inbox
CREATE TABLE "mdm_policy"."inbox" (
  "durable" nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "message_id" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "handled_at" bigint NOT NULL,
  CONSTRAINT "pk_inbox" PRIMARY KEY ("durable", "message_id")
);
CREATE INDEX "ix_inbox_handled_at" ON "mdm_policy"."inbox" ("handled_at");
-- 2026-11-21-find-queued-items
ALTER TABLE "mdm_policy"."managed_item" ADD "queued_at" bigint NULL;
CREATE INDEX "ix_managed_item_queued_at_enrollment_id_item_key" ON "mdm_policy"."managed_item" ("queued_at", "enrollment_id", "item_key") WHERE queued_at IS NOT NULL;

-- and back
-- 2026-11-21-find-queued-items
DROP INDEX "ix_managed_item_queued_at_enrollment_id_item_key" ON "mdm_policy"."managed_item";
ALTER TABLE "mdm_policy"."managed_item" DROP CONSTRAINT IF EXISTS "df_managed_item_queued_at";
ALTER TABLE "mdm_policy"."managed_item" DROP COLUMN "queued_at";
-- 2026-11-21-create-inbox
DROP TABLE "mdm_policy"."inbox";
-- 2026-11-21-create-outbox
DROP TABLE "mdm_policy"."outbox_lease";
DROP TABLE "mdm_policy"."outbox";
-- 2026-11-21-create-mdm-policy
DROP TABLE "mdm_policy"."notice";
DROP TABLE "mdm_policy"."early_completion";
DROP TABLE "mdm_policy"."handover";
DROP TABLE "mdm_policy"."assignment";
DROP TABLE "mdm_policy"."managed_item";
DROP TABLE "mdm_policy"."declaration_report";
DROP TABLE "mdm_policy"."profile_report";
DROP TABLE "mdm_policy"."spread";
DROP TABLE "mdm_policy"."deployment";
DROP TABLE "mdm_policy"."scope_member";
DROP TABLE "mdm_policy"."scope";
DROP TABLE "mdm_policy"."agenda";
DROP TABLE "mdm_policy"."enrollment";
