-- 2026-11-21-create-audit
CREATE TABLE "config_proxy"."audit_record" (
  "sequence" bigint NOT NULL,
  "at" bigint NOT NULL,
  "action" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "outcome" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "actor_type" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "actor_id" nvarchar(256) COLLATE Latin1_General_100_BIN2 NULL,
  "actor_name" nvarchar(256) COLLATE Latin1_General_100_BIN2 NULL,
  "actor_ip" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "actor_auth" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "credential_id" nvarchar(300) COLLATE Latin1_General_100_BIN2 NULL,
  "address" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "request_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "approval_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "error_code" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "targets" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "details" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "prev_hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_audit_record" PRIMARY KEY ("sequence")
);
CREATE INDEX "ix_audit_record_at" ON "config_proxy"."audit_record" ("at");
CREATE INDEX "ix_audit_record_actor_id_sequence" ON "config_proxy"."audit_record" ("actor_id", "sequence");
CREATE TABLE "config_proxy"."audit_target" (
  "type" nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "target_id" nvarchar(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "sequence" bigint NOT NULL,
  CONSTRAINT "pk_audit_target" PRIMARY KEY ("type", "target_id", "sequence")
);
CREATE INDEX "ix_audit_target_sequence" ON "config_proxy"."audit_target" ("sequence");
CREATE TABLE "config_proxy"."audit_head" (
  "id" int NOT NULL,
  "sequence" bigint NOT NULL,
  "hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "checkpoint_sequence" bigint NOT NULL,
  "checkpoint_at" bigint NOT NULL,
  "seal" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_audit_head" PRIMARY KEY ("id")
);
INSERT INTO "config_proxy"."audit_head" (id, sequence, hash, checkpoint_sequence, checkpoint_at, seal)
       VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0, 0, '');
CREATE TABLE "config_proxy"."audit_checkpoint" (
  "sequence" bigint NOT NULL,
  "hash" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "at" bigint NOT NULL,
  "previous" bigint NOT NULL,
  "key_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "signature" nvarchar(120) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_audit_checkpoint" PRIMARY KEY ("sequence")
);
CREATE TABLE "config_proxy"."audit_key" (
  "id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "created_at" bigint NOT NULL,
  "private_key" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_audit_key" PRIMARY KEY ("id")
);

-- and back
-- 2026-11-21-create-audit
DROP TABLE "config_proxy"."audit_key";
DROP TABLE "config_proxy"."audit_checkpoint";
DROP TABLE "config_proxy"."audit_head";
DROP TABLE "config_proxy"."audit_target";
DROP TABLE "config_proxy"."audit_record";
