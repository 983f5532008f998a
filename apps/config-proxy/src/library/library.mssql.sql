-- 2026-11-21-create-library
CREATE TABLE "config_proxy"."library_thing" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "made_of" nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "number" int NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "description" nvarchar(2000) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "identifier" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "scope" nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "platforms" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "publisher" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "software_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "member_count" int NOT NULL,
  "categories" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision" int NOT NULL,
  "version" int NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "changed_at" bigint NOT NULL,
  "changed_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_library_thing" PRIMARY KEY ("id")
);
CREATE INDEX "ix_library_thing_kind_name_folded_id" ON "config_proxy"."library_thing" ("kind", "name_folded", "id");
CREATE TABLE "config_proxy"."library_revision" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision" int NOT NULL,
  "platforms" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "size" int NOT NULL,
  "sha256" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "deployed_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "facts" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "content_sealed" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "note" nvarchar(500) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_library_revision" PRIMARY KEY ("id"),
  CONSTRAINT "uq_library_revision_thing_id_revision" UNIQUE ("thing_id", "revision"),
  CONSTRAINT "fk_library_revision_thing_id" FOREIGN KEY ("thing_id") REFERENCES "config_proxy"."library_thing" ("id")
);
CREATE TABLE "config_proxy"."baseline_member" (
  "baseline_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision" int NOT NULL,
  "position" int NOT NULL,
  "ci_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "ci_revision" int NULL,
  "ci_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "ci_identifier" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_baseline_member" PRIMARY KEY ("baseline_id", "revision", "position")
);
CREATE INDEX "ix_baseline_member_ci_id_baseline_id" ON "config_proxy"."baseline_member" ("ci_id", "baseline_id");
CREATE TABLE "config_proxy"."content_item" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "file_name" nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "size" bigint NOT NULL,
  "sha256" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "unused_since" bigint NOT NULL,
  CONSTRAINT "pk_content_item" PRIMARY KEY ("id")
);
CREATE INDEX "ix_content_item_sha256_file_name" ON "config_proxy"."content_item" ("sha256", "file_name");
CREATE INDEX "ix_content_item_unused_since" ON "config_proxy"."content_item" ("unused_since");
CREATE TABLE "config_proxy"."content_reference" (
  "content_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "thing_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision" int NOT NULL,
  CONSTRAINT "pk_content_reference" PRIMARY KEY ("content_id", "thing_id", "revision"),
  CONSTRAINT "fk_content_reference_content_id" FOREIGN KEY ("content_id") REFERENCES "config_proxy"."content_item" ("id")
);
CREATE INDEX "ix_content_reference_thing_id" ON "config_proxy"."content_reference" ("thing_id");
CREATE TABLE "config_proxy"."content_blob" (
  "sha256" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "size" bigint NOT NULL,
  "file" nvarchar(150) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  CONSTRAINT "pk_content_blob" PRIMARY KEY ("sha256")
);
CREATE TABLE "config_proxy"."content_upload" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "file_name" nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "size" bigint NOT NULL,
  "sha256" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "touched_at" bigint NOT NULL,
  "writer" nvarchar(300) COLLATE Latin1_General_100_BIN2 NULL,
  "writer_until" bigint NOT NULL,
  CONSTRAINT "pk_content_upload" PRIMARY KEY ("id")
);
CREATE INDEX "ix_content_upload_sha256" ON "config_proxy"."content_upload" ("sha256");
CREATE INDEX "ix_content_upload_touched_at" ON "config_proxy"."content_upload" ("touched_at");

-- and back
-- 2026-11-21-create-library
DROP TABLE "config_proxy"."content_upload";
DROP TABLE "config_proxy"."content_blob";
DROP TABLE "config_proxy"."content_reference";
DROP TABLE "config_proxy"."content_item";
DROP TABLE "config_proxy"."baseline_member";
DROP TABLE "config_proxy"."library_revision";
DROP TABLE "config_proxy"."library_thing";
