-- 2026-11-21-create-approvals
CREATE TABLE "config_proxy"."approval" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "params_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "summary" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "targets" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "device_count" int NOT NULL,
  "reason" nvarchar(500) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "requester_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "requester_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "requester_maker_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "requester_actor" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "requester_title" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "credential_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "request_key" nvarchar(80) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  "decided_at" bigint NULL,
  "decided_by_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "decided_by_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "decision_reason" nvarchar(500) COLLATE Latin1_General_100_BIN2 NULL,
  "job_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "begun_at" bigint NULL,
  "finished_at" bigint NULL,
  "outcome" nvarchar(500) COLLATE Latin1_General_100_BIN2 NULL,
  "result_ids" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" int NOT NULL CONSTRAINT "df_approval_version" DEFAULT 1,
  "is_open" smallint NOT NULL CONSTRAINT "df_approval_is_open" DEFAULT 1,
  CONSTRAINT "pk_approval" PRIMARY KEY ("id"),
  CONSTRAINT "uq_approval_credential_id_request_key" UNIQUE ("credential_id", "request_key")
);
CREATE INDEX "approval_open" ON "config_proxy"."approval" ("expires_at") WHERE is_open = 1;
CREATE INDEX "ix_approval_created_at_id" ON "config_proxy"."approval" ("created_at" DESC, "id");
CREATE INDEX "ix_approval_requester_id_created_at" ON "config_proxy"."approval" ("requester_id", "created_at" DESC);
CREATE TABLE "config_proxy"."approval_policy" (
  "kind" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "required" smallint NOT NULL,
  "threshold" int NOT NULL,
  "expiry_hours" int NOT NULL,
  "hourly_cap" int NULL,
  "version" int NOT NULL,
  "changed_at" bigint NOT NULL,
  "changed_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_approval_policy" PRIMARY KEY ("kind")
);
CREATE TABLE "config_proxy"."action_count" (
  "administrator_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "phase" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "minutes" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "counted_at" bigint NOT NULL,
  CONSTRAINT "pk_action_count" PRIMARY KEY ("administrator_id", "kind", "phase")
);
CREATE INDEX "ix_action_count_counted_at" ON "config_proxy"."action_count" ("counted_at");
CREATE TABLE "config_proxy"."approval_clock" (
  "id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "latest_at" bigint NOT NULL,
  CONSTRAINT "pk_approval_clock" PRIMARY KEY ("id")
);
-- 2026-11-21-limit-what-one-person-reaches
ALTER TABLE "config_proxy"."approval_policy" ADD "alone_cap" int NULL;

-- and back
-- 2026-11-21-limit-what-one-person-reaches
ALTER TABLE "config_proxy"."approval_policy" DROP CONSTRAINT IF EXISTS "df_approval_policy_alone_cap";
ALTER TABLE "config_proxy"."approval_policy" DROP COLUMN "alone_cap";
-- 2026-11-21-create-approvals
DROP TABLE "config_proxy"."approval_clock";
DROP TABLE "config_proxy"."action_count";
DROP TABLE "config_proxy"."approval_policy";
DROP TABLE "config_proxy"."approval";
