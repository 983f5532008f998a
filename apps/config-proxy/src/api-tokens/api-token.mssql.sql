-- 2026-11-21-create-api-token
CREATE TABLE "config_proxy"."api_token" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "scopes" nvarchar(1000) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "created_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "expires_at" bigint NULL,
  "revoked_at" bigint NULL,
  "revoked_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "last_used_at" bigint NULL,
  CONSTRAINT "pk_api_token" PRIMARY KEY ("id"),
  CONSTRAINT "uq_api_token_hash" UNIQUE ("hash")
);

-- and back
-- 2026-11-21-create-api-token
DROP TABLE "config_proxy"."api_token";
