-- 2026-11-21-create-scripts
CREATE TABLE "config_proxy"."script" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "current_number" int NOT NULL,
  "version" int NOT NULL CONSTRAINT "df_script_version" DEFAULT 1,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "changed_at" bigint NOT NULL,
  "changed_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_script" PRIMARY KEY ("id")
);
CREATE INDEX "ix_script_name_folded_id" ON "config_proxy"."script" ("name_folded", "id");
CREATE TABLE "config_proxy"."script_version" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "script_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "number" int NOT NULL,
  "language" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "text_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "sha256" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "length" int NOT NULL,
  "parameters" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "approval_state" int NOT NULL,
  "author_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "author_maker_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "author_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "written_at" bigint NOT NULL,
  "approver_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "approver_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "decided_at" bigint NULL,
  "comment" nvarchar(500) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_script_version" PRIMARY KEY ("id"),
  CONSTRAINT "uq_script_version_script_id_number" UNIQUE ("script_id", "number"),
  CONSTRAINT "fk_script_version_script_id" FOREIGN KEY ("script_id") REFERENCES "config_proxy"."script" ("id") ON DELETE CASCADE
);
CREATE TABLE "config_proxy"."mac_client" (
  "device_id" int NOT NULL,
  "version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "registered_at" bigint NOT NULL,
  CONSTRAINT "pk_mac_client" PRIMARY KEY ("device_id"),
  CONSTRAINT "fk_mac_client_device_id" FOREIGN KEY ("device_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE TABLE "config_proxy"."task_operation" (
  "id" int NOT NULL,
  "kind" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "title" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NULL,
  "script_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "script_number" int NULL,
  "sha256" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "application_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "params_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "job_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "requested_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "requested_at" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  "cancelled_at" bigint NULL,
  CONSTRAINT "pk_task_operation" PRIMARY KEY ("id")
);
CREATE INDEX "ix_task_operation_requested_at_id" ON "config_proxy"."task_operation" ("requested_at", "id");
CREATE INDEX "ix_task_operation_script_id_script_number" ON "config_proxy"."task_operation" ("script_id", "script_number");
CREATE TABLE "config_proxy"."client_task" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "operation_id" int NOT NULL,
  "device_id" int NOT NULL,
  "state" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_open" smallint NOT NULL,
  "reason" nvarchar(500) COLLATE Latin1_General_100_BIN2 NULL,
  "exit_code" int NULL,
  "output_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "head_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "output_bytes" int NOT NULL CONSTRAINT "df_client_task_output_bytes" DEFAULT 0,
  "is_truncated" smallint NOT NULL CONSTRAINT "df_client_task_is_truncated" DEFAULT 0,
  "created_at" bigint NOT NULL,
  "fetched_at" bigint NULL,
  "finished_at" bigint NULL,
  "expires_at" bigint NOT NULL,
  CONSTRAINT "pk_client_task" PRIMARY KEY ("id"),
  CONSTRAINT "uq_client_task_operation_id_device_id" UNIQUE ("operation_id", "device_id"),
  CONSTRAINT "fk_client_task_operation_id" FOREIGN KEY ("operation_id") REFERENCES "config_proxy"."task_operation" ("id") ON DELETE CASCADE,
  CONSTRAINT "fk_client_task_device_id" FOREIGN KEY ("device_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE INDEX "client_task_open" ON "config_proxy"."client_task" ("device_id", "created_at", "id") WHERE is_open = 1;
CREATE INDEX "client_task_due" ON "config_proxy"."client_task" ("expires_at", "id") WHERE is_open = 1;
CREATE INDEX "ix_client_task_operation_id_state" ON "config_proxy"."client_task" ("operation_id", "state");

-- and back
-- 2026-11-21-create-scripts
DROP TABLE "config_proxy"."client_task";
DROP TABLE "config_proxy"."task_operation";
DROP TABLE "config_proxy"."mac_client";
DROP TABLE "config_proxy"."script_version";
DROP TABLE "config_proxy"."script";
