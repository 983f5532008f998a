-- 2026-11-21-create-collections
CREATE TABLE "config_proxy"."collection" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "comment" nvarchar(1000) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "limiting_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NULL,
  "is_built_in" smallint NOT NULL,
  "refresh_type" int NOT NULL,
  "schedule" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "version" int NOT NULL,
  "next_rule_id" int NOT NULL,
  "member_count" int NOT NULL,
  "window_count" int NOT NULL,
  "status" nvarchar(12) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "due_at" bigint NULL,
  "last_evaluated_at" bigint NULL,
  "last_member_change_at" bigint NULL,
  "evaluation_joined" int NOT NULL,
  "evaluation_left" int NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "changed_at" bigint NOT NULL,
  "changed_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_collection" PRIMARY KEY ("collection_id"),
  CONSTRAINT "uq_collection_kind_name_folded" UNIQUE ("kind", "name_folded")
);
CREATE INDEX "ix_collection_limiting_id" ON "config_proxy"."collection" ("limiting_id");
CREATE INDEX "ix_collection_due_at" ON "config_proxy"."collection" ("due_at") WHERE due_at IS NOT NULL;
CREATE TABLE "config_proxy"."collection_rule" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "rule_id" int NOT NULL,
  "kind" nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "query" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  "target_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_collection_rule" PRIMARY KEY ("collection_id", "rule_id"),
  CONSTRAINT "fk_collection_rule_collection_id" FOREIGN KEY ("collection_id") REFERENCES "config_proxy"."collection" ("collection_id"),
  CONSTRAINT "fk_collection_rule_target_id" FOREIGN KEY ("target_id") REFERENCES "config_proxy"."collection" ("collection_id")
);
CREATE INDEX "ix_collection_rule_target_id" ON "config_proxy"."collection_rule" ("target_id");
CREATE TABLE "config_proxy"."collection_direct_rule" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "resource_id" int NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_collection_direct_rule" PRIMARY KEY ("collection_id", "resource_id"),
  CONSTRAINT "fk_collection_direct_rule_collection_id" FOREIGN KEY ("collection_id") REFERENCES "config_proxy"."collection" ("collection_id")
);
CREATE INDEX "ix_collection_direct_rule_resource_id_collection_id" ON "config_proxy"."collection_direct_rule" ("resource_id", "collection_id");
CREATE TABLE "config_proxy"."collection_member" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "resource_id" int NOT NULL,
  "is_direct" smallint NOT NULL,
  "joined_at" bigint NOT NULL,
  CONSTRAINT "pk_collection_member" PRIMARY KEY ("collection_id", "resource_id")
);
CREATE INDEX "ix_collection_member_resource_id_collection_id_is_direct" ON "config_proxy"."collection_member" ("resource_id", "collection_id", "is_direct");
CREATE TABLE "config_proxy"."collection_evaluation" (
  "id" int NOT NULL,
  "definition_version" bigint NOT NULL,
  CONSTRAINT "pk_collection_evaluation" PRIMARY KEY ("id")
);
INSERT INTO "config_proxy"."collection_evaluation" (id, definition_version) VALUES (1, 1);
CREATE TABLE "config_proxy"."resource_change" (
  "change_id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "classes" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_resource_change" PRIMARY KEY ("change_id")
);
CREATE INDEX "ix_resource_change_resource_id" ON "config_proxy"."resource_change" ("resource_id");
CREATE TABLE "config_proxy"."variable_set" (
  "owner_id" nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" int NOT NULL,
  "variables" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "masked_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_variable_set" PRIMARY KEY ("owner_id")
);
CREATE TABLE "config_proxy"."maintenance_window" (
  "window_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "definition" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" int NOT NULL,
  CONSTRAINT "pk_maintenance_window" PRIMARY KEY ("window_id"),
  CONSTRAINT "fk_maintenance_window_collection_id" FOREIGN KEY ("collection_id") REFERENCES "config_proxy"."collection" ("collection_id")
);
CREATE INDEX "ix_maintenance_window_collection_id_window_id" ON "config_proxy"."maintenance_window" ("collection_id", "window_id");
CREATE TABLE "config_proxy"."scope_collection" (
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_deployed" smallint NOT NULL,
  "has_windows" smallint NOT NULL,
  "is_tracked" smallint NOT NULL,
  "version" bigint NOT NULL,
  CONSTRAINT "pk_scope_collection" PRIMARY KEY ("collection_id")
);
CREATE INDEX "ix_scope_collection_tracked" ON "config_proxy"."scope_collection" ("collection_id") WHERE is_tracked = 1;
CREATE TABLE "config_proxy"."scope_enrollment" (
  "enrollment_id" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "member_id" int NOT NULL,
  CONSTRAINT "pk_scope_enrollment" PRIMARY KEY ("enrollment_id")
);
CREATE INDEX "ix_scope_enrollment_member_id_enrollment_id" ON "config_proxy"."scope_enrollment" ("member_id", "enrollment_id");

-- and back
-- 2026-11-21-create-collections
DROP TABLE "config_proxy"."scope_enrollment";
DROP TABLE "config_proxy"."scope_collection";
DROP TABLE "config_proxy"."maintenance_window";
DROP TABLE "config_proxy"."variable_set";
DROP TABLE "config_proxy"."resource_change";
DROP TABLE "config_proxy"."collection_evaluation";
DROP TABLE "config_proxy"."collection_member";
DROP TABLE "config_proxy"."collection_direct_rule";
DROP TABLE "config_proxy"."collection_rule";
DROP TABLE "config_proxy"."collection";
