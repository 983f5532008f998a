-- 2026-11-21-create-deployments
CREATE TABLE "config_proxy"."deployment" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "assignment_id" int NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "comment" nvarchar(1000) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_kind" nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_name_folded" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision" int NULL,
  "deployed_revision" int NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "intent" nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "action" nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_enabled" smallint NOT NULL,
  "start_at" bigint NOT NULL,
  "deadline_at" bigint NULL,
  "is_local_time" smallint NOT NULL,
  "priority" int NOT NULL,
  "override_windows" smallint NOT NULL,
  "notify" smallint NOT NULL,
  "items" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" int NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "changed_at" bigint NOT NULL,
  "changed_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "counted_at" bigint NOT NULL,
  CONSTRAINT "pk_deployment" PRIMARY KEY ("id")
);
CREATE INDEX "ix_deployment_created_at_id" ON "config_proxy"."deployment" ("created_at" DESC, "id");
CREATE INDEX "ix_deployment_collection_id_id" ON "config_proxy"."deployment" ("collection_id", "id");
CREATE INDEX "ix_deployment_thing_id" ON "config_proxy"."deployment" ("thing_id");
CREATE INDEX "ix_deployment_counted_at" ON "config_proxy"."deployment" ("counted_at");
CREATE TABLE "config_proxy"."deployment_version" (
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" int NOT NULL,
  "change" nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "changed_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "from_at" bigint NOT NULL,
  "until_at" bigint NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_kind" nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "deployed_revision" int NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "settings" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "items" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_deployment_version" PRIMARY KEY ("deployment_id", "version")
);
CREATE INDEX "ix_deployment_version_from_at_deployment_id_version" ON "config_proxy"."deployment_version" ("from_at" DESC, "deployment_id", "version" DESC);
CREATE INDEX "ix_deployment_version_until_at" ON "config_proxy"."deployment_version" ("until_at") WHERE until_at IS NOT NULL;
CREATE TABLE "config_proxy"."deployment_summary" (
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "success" int NOT NULL CONSTRAINT "df_deployment_summary_success" DEFAULT 0,
  "in_progress" int NOT NULL CONSTRAINT "df_deployment_summary_in_progress" DEFAULT 0,
  "requirements_not_met" int NOT NULL CONSTRAINT "df_deployment_summary_requirements_not_met" DEFAULT 0,
  "failed" int NOT NULL CONSTRAINT "df_deployment_summary_failed" DEFAULT 0,
  CONSTRAINT "pk_deployment_summary" PRIMARY KEY ("deployment_id")
);
CREATE TABLE "config_proxy"."deployment_item_summary" (
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "ci_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "compliant" int NOT NULL CONSTRAINT "df_deployment_item_summary_compliant" DEFAULT 0,
  "non_compliant" int NOT NULL CONSTRAINT "df_deployment_item_summary_non_compliant" DEFAULT 0,
  "conflict" int NOT NULL CONSTRAINT "df_deployment_item_summary_conflict" DEFAULT 0,
  "failed" int NOT NULL CONSTRAINT "df_deployment_item_summary_failed" DEFAULT 0,
  "unknown" int NOT NULL CONSTRAINT "df_deployment_item_summary_unknown" DEFAULT 0,
  CONSTRAINT "pk_deployment_item_summary" PRIMARY KEY ("deployment_id", "ci_id")
);
CREATE TABLE "config_proxy"."deployment_state" (
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "status" int NOT NULL CONSTRAINT "df_deployment_state_status" DEFAULT 0,
  "compliance_state" int NULL,
  "compliance_sequence" bigint NULL,
  "enforcement_state" int NULL,
  "enforcement_sequence" bigint NULL,
  "evaluation_state" int NULL,
  "evaluation_sequence" bigint NULL,
  "compliance_at" bigint NULL,
  "enforcement_at" bigint NULL,
  "evaluation_at" bigint NULL,
  "reason" nvarchar(1000) COLLATE Latin1_General_100_BIN2 NULL,
  "error_code" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "command_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "targeted_at" bigint NULL,
  "evaluated_at" bigint NULL,
  "queued_at" bigint NULL,
  "pushed_at" bigint NULL,
  "fetched_at" bigint NULL,
  "acknowledged_at" bigint NULL,
  "verified_at" bigint NULL,
  "updated_at" bigint NOT NULL,
  CONSTRAINT "pk_deployment_state" PRIMARY KEY ("deployment_id", "enrollment_id")
);
CREATE INDEX "ix_deployment_state_enrollment_id_deployment_id" ON "config_proxy"."deployment_state" ("enrollment_id", "deployment_id");
CREATE INDEX "ix_deployment_state_status_deployment_id_enrollment_id" ON "config_proxy"."deployment_state" ("status", "deployment_id", "enrollment_id");
CREATE INDEX "ix_deployment_state_gone" ON "config_proxy"."deployment_state" ("updated_at") WHERE status = 0;
CREATE TABLE "config_proxy"."deployment_item_state" (
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "ci_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state" int NOT NULL CONSTRAINT "df_deployment_item_state_state" DEFAULT -1,
  "sequence" bigint NULL,
  "at" bigint NULL,
  "reason" nvarchar(1000) COLLATE Latin1_General_100_BIN2 NULL,
  "error_code" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "updated_at" bigint NOT NULL,
  CONSTRAINT "pk_deployment_item_state" PRIMARY KEY NONCLUSTERED ("deployment_id", "ci_id", "enrollment_id")
);
CREATE INDEX "ix_deployment_item_state_enrollment_id_deployment_id" ON "config_proxy"."deployment_item_state" ("enrollment_id", "deployment_id");
CREATE INDEX "ix_deployment_item_state_gone" ON "config_proxy"."deployment_item_state" ("updated_at") WHERE state = -1;
CREATE TABLE "config_proxy"."state_message" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "topic_type" int NOT NULL,
  "topic_id" nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state_id" int NOT NULL,
  "at" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  "reason" nvarchar(1000) COLLATE Latin1_General_100_BIN2 NULL,
  "error_code" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "is_gone" smallint NOT NULL,
  "updated_at" bigint NOT NULL,
  CONSTRAINT "pk_state_message" PRIMARY KEY NONCLUSTERED ("enrollment_id", "topic_type", "topic_id")
);
CREATE INDEX "ix_state_message_gone" ON "config_proxy"."state_message" ("updated_at") WHERE is_gone = 1;
CREATE TABLE "config_proxy"."status_message" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "at" bigint NOT NULL,
  "service" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "severity" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "component" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "message_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "text" nvarchar(2000) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NULL,
  "resource_id" int NULL,
  "deployment_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "collection_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_status_message" PRIMARY KEY ("id")
);
CREATE INDEX "ix_status_message_at_id" ON "config_proxy"."status_message" ("at" DESC, "id" DESC);

-- and back
-- 2026-11-21-create-deployments
DROP TABLE "config_proxy"."status_message";
DROP TABLE "config_proxy"."state_message";
DROP TABLE "config_proxy"."deployment_item_state";
DROP TABLE "config_proxy"."deployment_state";
DROP TABLE "config_proxy"."deployment_item_summary";
DROP TABLE "config_proxy"."deployment_summary";
DROP TABLE "config_proxy"."deployment_version";
DROP TABLE "config_proxy"."deployment";
