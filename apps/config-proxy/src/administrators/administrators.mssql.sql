-- 2026-11-21-create-administrators
CREATE TABLE "config_proxy"."administrator" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "display_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "display_name_folded" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_enabled" smallint NOT NULL,
  "is_built_in" smallint NOT NULL,
  "version" int NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "changed_at" bigint NOT NULL,
  "changed_by" nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_administrator" PRIMARY KEY ("id"),
  CONSTRAINT "uq_administrator_name_folded" UNIQUE ("name_folded")
);
CREATE TABLE "config_proxy"."administrator_identity" (
  "identity_key" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "administrator_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_administrator_identity" PRIMARY KEY ("identity_key"),
  CONSTRAINT "fk_administrator_identity_administrator_id" FOREIGN KEY ("administrator_id") REFERENCES "config_proxy"."administrator" ("id") ON DELETE CASCADE
);
CREATE INDEX "ix_administrator_identity_administrator_id" ON "config_proxy"."administrator_identity" ("administrator_id");
CREATE TABLE "config_proxy"."administrator_assignment" (
  "administrator_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "role_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "collection_id" nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_administrator_assignment" PRIMARY KEY ("administrator_id", "role_id", "collection_id"),
  CONSTRAINT "fk_administrator_assignment_administrator_id" FOREIGN KEY ("administrator_id") REFERENCES "config_proxy"."administrator" ("id") ON DELETE CASCADE
);
CREATE INDEX "ix_administrator_assignment_collection_id" ON "config_proxy"."administrator_assignment" ("collection_id");
INSERT INTO "config_proxy"."administrator" (id, name, name_folded, display_name, display_name_folded, kind, is_enabled,
         is_built_in, version, created_at, created_by, changed_at, changed_by)
       VALUES ('00000000-0000-4000-8000-000000000001', 'site', 'site', 'Site', 'site', 'service', 1, 1, 1, 0, 'Espalier', 0,
         'Espalier');
INSERT INTO "config_proxy"."administrator_assignment" (administrator_id, role_id, collection_id)
       VALUES ('00000000-0000-4000-8000-000000000001', 'full-administrator', '*');
ALTER TABLE "config_proxy"."api_token" ADD "administrator_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT "df_api_token_administrator_id" DEFAULT N'00000000-0000-4000-8000-000000000001';
ALTER TABLE "config_proxy"."api_token" ADD "made_by" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL;
CREATE INDEX "ix_api_token_administrator_id_created_at_id" ON "config_proxy"."api_token" ("administrator_id", "created_at" DESC, "id");

-- and back
-- 2026-11-21-create-administrators
DROP INDEX "ix_api_token_administrator_id_created_at_id" ON "config_proxy"."api_token";
ALTER TABLE "config_proxy"."api_token" DROP CONSTRAINT IF EXISTS "df_api_token_made_by";
ALTER TABLE "config_proxy"."api_token" DROP COLUMN "made_by";
ALTER TABLE "config_proxy"."api_token" DROP CONSTRAINT IF EXISTS "df_api_token_administrator_id";
ALTER TABLE "config_proxy"."api_token" DROP COLUMN "administrator_id";
DROP TABLE "config_proxy"."administrator_assignment";
DROP TABLE "config_proxy"."administrator_identity";
DROP TABLE "config_proxy"."administrator";
