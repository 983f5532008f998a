-- 2026-11-21-create-resources
CREATE TABLE "config_proxy"."resource" (
  "resource_id" int NOT NULL,
  "resource_type" int NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "netbios_name" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "netbios_name_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "hardware_uuid" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "hardware_uuid_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "udid" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "udid_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "platform" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "platform_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "model" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "os_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "os_name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "os_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "os_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "os_major_version" bigint NULL,
  "os_build" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "os_build_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "smsid" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "smsid_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "site_code" nvarchar(3) COLLATE Latin1_General_100_BIN2 NULL,
  "site_code_folded" nvarchar(3) COLLATE Latin1_General_100_BIN2 NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_client" smallint NULL,
  "client_type" bigint NULL,
  "is_active" smallint NULL,
  "is_obsolete" smallint NULL,
  "is_decommissioned" smallint NULL,
  "last_user_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "last_user_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "last_user_at" bigint NULL,
  "created_at" bigint NOT NULL,
  "full_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "full_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "mail" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "mail_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "version" int NOT NULL CONSTRAINT "df_resource_version" DEFAULT 1,
  "updated_at" bigint NOT NULL,
  "facts_at" bigint NOT NULL CONSTRAINT "df_resource_facts_at" DEFAULT 0,
  "enrolled_at" bigint NULL,
  "decommissioned_at" bigint NULL,
  CONSTRAINT "pk_resource" PRIMARY KEY ("resource_id")
);
CREATE INDEX "ix_resource_serial_number" ON "config_proxy"."resource" ("serial_number");
CREATE UNIQUE INDEX "ux_resource_serial_number" ON "config_proxy"."resource" ("serial_number") WHERE serial_number IS NOT NULL AND is_obsolete = 0;
CREATE INDEX "ix_resource_smsid" ON "config_proxy"."resource" ("smsid");
CREATE UNIQUE INDEX "ux_resource_user_name" ON "config_proxy"."resource" ("name") WHERE kind = 'user';
CREATE INDEX "ix_resource_hardware_uuid" ON "config_proxy"."resource" ("hardware_uuid");
CREATE INDEX "ix_resource_udid" ON "config_proxy"."resource" ("udid");
CREATE INDEX "ix_resource_kind_name_folded_resource_id" ON "config_proxy"."resource" ("kind", "name_folded", "resource_id");
CREATE INDEX "ix_resource_kind_serial_number_folded_resource_id" ON "config_proxy"."resource" ("kind", "serial_number_folded", "resource_id");
CREATE INDEX "ix_resource_kind_platform_folded_resource_id" ON "config_proxy"."resource" ("kind", "platform_folded", "resource_id");
CREATE INDEX "ix_resource_kind_model_folded_resource_id" ON "config_proxy"."resource" ("kind", "model_folded", "resource_id");
CREATE INDEX "ix_resource_kind_model_name_folded_resource_id" ON "config_proxy"."resource" ("kind", "model_name_folded", "resource_id");
CREATE INDEX "ix_resource_kind_os_version_folded_resource_id" ON "config_proxy"."resource" ("kind", "os_version_folded", "resource_id");
CREATE INDEX "ix_resource_kind_last_user_name_folded_resource_id" ON "config_proxy"."resource" ("kind", "last_user_name_folded", "resource_id");
CREATE INDEX "ix_resource_kind_created_at_resource_id" ON "config_proxy"."resource" ("kind", "created_at", "resource_id");
CREATE TABLE "config_proxy"."resource_enrollment" (
  "enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "enrollment_id_folded" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "resource_id" int NULL,
  "user_resource_id" int NULL,
  "device_enrollment_id" nvarchar(384) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "kind_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "is_active" smallint NOT NULL,
  "state" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "state_at" bigint NOT NULL,
  "enrolled_at" bigint NULL,
  "removed_at" bigint NULL,
  CONSTRAINT "pk_resource_enrollment" PRIMARY KEY ("enrollment_id"),
  CONSTRAINT "fk_resource_enrollment_resource_id" FOREIGN KEY ("resource_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE INDEX "ix_resource_enrollment_resource_id" ON "config_proxy"."resource_enrollment" ("resource_id");
CREATE INDEX "ix_resource_enrollment_user_resource_id" ON "config_proxy"."resource_enrollment" ("user_resource_id");
CREATE INDEX "ix_resource_enrollment_device_enrollment_id" ON "config_proxy"."resource_enrollment" ("device_enrollment_id");
CREATE TABLE "config_proxy"."resource_seen" (
  "resource_id" int NOT NULL,
  "last_seen_at" bigint NOT NULL,
  CONSTRAINT "pk_resource_seen" PRIMARY KEY ("resource_id"),
  CONSTRAINT "fk_resource_seen_resource_id" FOREIGN KEY ("resource_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE INDEX "ix_resource_seen_last_seen_at_resource_id" ON "config_proxy"."resource_seen" ("last_seen_at", "resource_id");
CREATE TABLE "config_proxy"."inventory_report" (
  "resource_id" int NOT NULL,
  "source" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "reported_at" bigint NOT NULL,
  "fingerprints" nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_inventory_report" PRIMARY KEY ("resource_id", "source"),
  CONSTRAINT "fk_inventory_report_resource_id" FOREIGN KEY ("resource_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE TABLE "config_proxy"."gs_computer_system" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "model" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "model_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "platform" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "platform_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "system_type" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "system_type_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "domain" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "domain_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "user_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "user_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "host_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "host_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "local_host_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "local_host_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_computer_system" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_computer_system" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "model" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "model_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "model_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "platform" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "platform_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "system_type" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "system_type_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "domain" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "domain_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "user_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "user_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "host_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "host_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "local_host_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "local_host_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_computer_system" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_computer_system_resource" ON "config_proxy"."hs_computer_system" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_operating_system" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "caption" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "caption_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "build_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "build_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "csd_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "csd_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "time_zone" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "time_zone_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_operating_system" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_operating_system" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "caption" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "caption_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "build_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "build_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "csd_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "csd_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "time_zone" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "time_zone_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_operating_system" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_operating_system_resource" ON "config_proxy"."hs_operating_system" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_pc_bios" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_pc_bios" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_pc_bios" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_pc_bios" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_pc_bios_resource" ON "config_proxy"."hs_pc_bios" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_system_enclosure" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "chassis_types" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "chassis_types_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_system_enclosure" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_system_enclosure" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "serial_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "chassis_types" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "chassis_types_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_system_enclosure" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_system_enclosure_resource" ON "config_proxy"."hs_system_enclosure" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_computer_system_product" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "vendor" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "vendor_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "identifying_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "identifying_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_computer_system_product" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_computer_system_product" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "vendor" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "vendor_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "identifying_number" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "identifying_number_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_computer_system_product" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_computer_system_product_resource" ON "config_proxy"."hs_computer_system_product" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_processor" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "architecture" bigint NULL,
  "is64_bit" smallint NULL,
  CONSTRAINT "pk_gs_processor" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_processor" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "manufacturer_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "architecture" bigint NULL,
  "is64_bit" smallint NULL,
  CONSTRAINT "pk_hs_processor" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_processor_resource" ON "config_proxy"."hs_processor" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_disk" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "caption" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "caption_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "size" bigint NULL,
  CONSTRAINT "pk_gs_disk" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_disk" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "caption" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "caption_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "size" bigint NULL,
  CONSTRAINT "pk_hs_disk" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_disk_resource" ON "config_proxy"."hs_disk" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_logical_disk" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "device_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "device_id_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "file_system" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "file_system_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "drive_type" bigint NULL,
  "size" bigint NULL,
  "free_space" bigint NULL,
  CONSTRAINT "pk_gs_logical_disk" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_logical_disk" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "device_id" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "device_id_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "file_system" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "file_system_folded" nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL,
  "drive_type" bigint NULL,
  "size" bigint NULL,
  "free_space" bigint NULL,
  CONSTRAINT "pk_hs_logical_disk" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_logical_disk_resource" ON "config_proxy"."hs_logical_disk" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_network_adapter" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "name" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "adapter_type" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "adapter_type_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "mac_address" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "mac_address_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_network_adapter" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE INDEX "ix_gs_network_adapter_name" ON "config_proxy"."gs_network_adapter" ("name_folded", "resource_id");
CREATE TABLE "config_proxy"."hs_network_adapter" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "name" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "adapter_type" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "adapter_type_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "mac_address" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "mac_address_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_network_adapter" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_network_adapter_resource" ON "config_proxy"."hs_network_adapter" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_network_adapter_configuration" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "mac_address" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "mac_address_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "dns_host_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "dns_host_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_network_adapter_configuration" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE INDEX "ix_gs_network_adapter_configuration_name" ON "config_proxy"."gs_network_adapter_configuration" ("mac_address_folded", "resource_id");
CREATE TABLE "config_proxy"."hs_network_adapter_configuration" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "mac_address" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "mac_address_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "dns_host_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "dns_host_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_network_adapter_configuration" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_network_adapter_configuration_resource" ON "config_proxy"."hs_network_adapter_configuration" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_portable_battery" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "name" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "estimated_charge_remaining" bigint NULL,
  CONSTRAINT "pk_gs_portable_battery" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_portable_battery" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "name" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "name_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "estimated_charge_remaining" bigint NULL,
  CONSTRAINT "pk_hs_portable_battery" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_portable_battery_resource" ON "config_proxy"."hs_portable_battery" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_installed_software" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "product_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "product_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "product_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "product_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "software_code" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "software_code_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "bundle_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "bundle_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "publisher" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "publisher_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "estimated_size" bigint NULL,
  "is_managed" smallint NULL,
  CONSTRAINT "pk_gs_installed_software" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE INDEX "ix_gs_installed_software_name" ON "config_proxy"."gs_installed_software" ("product_name_folded", "resource_id");
CREATE TABLE "config_proxy"."hs_installed_software" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "product_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "product_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "product_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "product_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "software_code" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "software_code_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "bundle_version" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "bundle_version_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "publisher" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "publisher_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "estimated_size" bigint NULL,
  "is_managed" smallint NULL,
  CONSTRAINT "pk_hs_installed_software" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_installed_software_resource" ON "config_proxy"."hs_installed_software" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_mdm_device" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "is_supervised" smallint NULL,
  "is_apple_silicon" smallint NULL,
  "activation_lock_enabled" smallint NULL,
  "lost_mode_enabled" smallint NULL,
  "imei" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "imei_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "phone_number" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "phone_number_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "last_cloud_backup" bigint NULL,
  CONSTRAINT "pk_gs_mdm_device" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_mdm_device" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "is_supervised" smallint NULL,
  "is_apple_silicon" smallint NULL,
  "activation_lock_enabled" smallint NULL,
  "lost_mode_enabled" smallint NULL,
  "imei" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "imei_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "phone_number" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "phone_number_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "last_cloud_backup" bigint NULL,
  CONSTRAINT "pk_hs_mdm_device" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_mdm_device_resource" ON "config_proxy"."hs_mdm_device" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_mdm_security" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "file_vault_enabled" smallint NULL,
  "has_personal_recovery_key" smallint NULL,
  "has_institutional_recovery_key" smallint NULL,
  "firewall_enabled" smallint NULL,
  "system_integrity_protection" smallint NULL,
  "secure_boot_level" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "secure_boot_level_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "recovery_lock_enabled" smallint NULL,
  "remote_desktop_enabled" smallint NULL,
  "passcode_present" smallint NULL,
  "passcode_compliant" smallint NULL,
  "user_approved_enrollment" smallint NULL,
  "enrolled_via_dep" smallint NULL,
  CONSTRAINT "pk_gs_mdm_security" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE TABLE "config_proxy"."hs_mdm_security" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "file_vault_enabled" smallint NULL,
  "has_personal_recovery_key" smallint NULL,
  "has_institutional_recovery_key" smallint NULL,
  "firewall_enabled" smallint NULL,
  "system_integrity_protection" smallint NULL,
  "secure_boot_level" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "secure_boot_level_folded" nvarchar(32) COLLATE Latin1_General_100_BIN2 NULL,
  "recovery_lock_enabled" smallint NULL,
  "remote_desktop_enabled" smallint NULL,
  "passcode_present" smallint NULL,
  "passcode_compliant" smallint NULL,
  "user_approved_enrollment" smallint NULL,
  "enrolled_via_dep" smallint NULL,
  CONSTRAINT "pk_hs_mdm_security" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_mdm_security_resource" ON "config_proxy"."hs_mdm_security" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."gs_mdm_profile" (
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "identifier" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "identifier_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "display_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "display_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "organization" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "organization_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "is_managed" smallint NULL,
  "payload_types" nvarchar(400) COLLATE Latin1_General_100_BIN2 NULL,
  "payload_types_folded" nvarchar(400) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_gs_mdm_profile" PRIMARY KEY ("resource_id", "instance_key")
);
CREATE INDEX "ix_gs_mdm_profile_name" ON "config_proxy"."gs_mdm_profile" ("identifier_folded", "resource_id");
CREATE TABLE "config_proxy"."hs_mdm_profile" (
  "id" bigint IDENTITY(1,1) NOT NULL,
  "resource_id" int NOT NULL,
  "instance_key" nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "fingerprint" nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "revision_id" int NOT NULL,
  "time_stamp" bigint NOT NULL,
  "replaced_at" bigint NOT NULL,
  "identifier" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "identifier_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "uuid_folded" nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
  "display_name" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "display_name_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "organization" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "organization_folded" nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
  "is_managed" smallint NULL,
  "payload_types" nvarchar(400) COLLATE Latin1_General_100_BIN2 NULL,
  "payload_types_folded" nvarchar(400) COLLATE Latin1_General_100_BIN2 NULL,
  CONSTRAINT "pk_hs_mdm_profile" PRIMARY KEY ("id")
);
CREATE INDEX "ix_hs_mdm_profile_resource" ON "config_proxy"."hs_mdm_profile" ("resource_id", "replaced_at");
CREATE TABLE "config_proxy"."extension_data" (
  "resource_id" int NOT NULL,
  "property_name" nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "property_name_folded" nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "property_value" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "property_value_folded" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  "updated_at" bigint NOT NULL,
  "updated_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_extension_data" PRIMARY KEY ("resource_id", "property_name_folded"),
  CONSTRAINT "fk_extension_data_resource_id" FOREIGN KEY ("resource_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE INDEX "ix_extension_data_value" ON "config_proxy"."extension_data" ("property_name_folded", "property_value_folded");
CREATE TABLE "config_proxy"."user_affinity" (
  "resource_id" int NOT NULL,
  "user_resource_id" int NOT NULL,
  "by_enrollment" smallint NOT NULL CONSTRAINT "df_user_affinity_by_enrollment" DEFAULT 0,
  "by_admin" smallint NOT NULL CONSTRAINT "df_user_affinity_by_admin" DEFAULT 0,
  "is_primary" smallint NOT NULL CONSTRAINT "df_user_affinity_is_primary" DEFAULT 0,
  "created_at" bigint NOT NULL,
  "updated_by" nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT "pk_user_affinity" PRIMARY KEY ("resource_id", "user_resource_id"),
  CONSTRAINT "fk_user_affinity_resource_id" FOREIGN KEY ("resource_id") REFERENCES "config_proxy"."resource" ("resource_id") ON DELETE CASCADE
);
CREATE INDEX "ix_user_affinity_user_resource_id" ON "config_proxy"."user_affinity" ("user_resource_id");
CREATE VIEW "config_proxy"."r_system" AS SELECT "resource_id", "resource_type", "name", "name_folded", "netbios_name", "netbios_name_folded", "serial_number", "serial_number_folded", "hardware_uuid", "hardware_uuid_folded", "udid", "udid_folded", "platform", "platform_folded", "model", "model_folded", "model_name", "model_name_folded", "os_name", "os_name_folded", "os_version", "os_version_folded", "os_major_version", "os_build", "os_build_folded", "smsid", "smsid_folded", "site_code", "site_code_folded", "state", "state_folded", "is_client", "client_type", "is_active", "is_obsolete", "is_decommissioned", "last_user_name", "last_user_name_folded", "last_user_at", "created_at" FROM "config_proxy"."resource" WHERE kind = 'device';
CREATE VIEW "config_proxy"."r_user" AS SELECT "resource_id", "resource_type", "name", "name_folded", "full_name", "full_name_folded", "mail", "mail_folded", "site_code", "site_code_folded", "created_at" FROM "config_proxy"."resource" WHERE kind = 'user';
CREATE VIEW "config_proxy"."user_machine_relationship" AS SELECT a.resource_id, a.user_resource_id, d.name AS resource_name, d.name_folded AS resource_name_folded,
         u.name AS unique_user_name, u.name_folded AS unique_user_name_folded, a.is_primary, a.created_at
       FROM "config_proxy"."user_affinity" AS a
       INNER JOIN "config_proxy"."resource" AS d ON d.resource_id = a.resource_id
       INNER JOIN "config_proxy"."resource" AS u ON u.resource_id = a.user_resource_id;
-- 2026-11-21-create-reporting-views
IF SCHEMA_ID('cm') IS NULL EXEC('CREATE SCHEMA "cm"');
CREATE VIEW "cm".v_R_System AS
SELECT r."resource_id" AS ResourceID,
  r."resource_type" AS ResourceType,
  r."name" COLLATE DATABASE_DEFAULT AS Name0,
  r."netbios_name" COLLATE DATABASE_DEFAULT AS Netbios_Name0,
  r."serial_number" COLLATE DATABASE_DEFAULT AS SerialNumber0,
  r."hardware_uuid" COLLATE DATABASE_DEFAULT AS SMBIOS_GUID0,
  r."udid" COLLATE DATABASE_DEFAULT AS UDID0,
  r."platform" COLLATE DATABASE_DEFAULT AS Platform0,
  r."model" COLLATE DATABASE_DEFAULT AS Model0,
  r."model_name" COLLATE DATABASE_DEFAULT AS Model_Name0,
  r."os_name" COLLATE DATABASE_DEFAULT AS Operating_System_Name_and0,
  r."os_version" COLLATE DATABASE_DEFAULT AS OS_Version0,
  r."os_major_version" AS OS_Major_Version0,
  r."os_build" COLLATE DATABASE_DEFAULT AS Build0,
  r."smsid" COLLATE DATABASE_DEFAULT AS SMS_Unique_Identifier0,
  r."site_code" COLLATE DATABASE_DEFAULT AS Assigned_Site0,
  r."state" COLLATE DATABASE_DEFAULT AS State0,
  r."is_client" AS Client0,
  r."client_type" AS Client_Type0,
  r."is_active" AS Active0,
  r."is_obsolete" AS Obsolete0,
  r."is_decommissioned" AS Decommissioned0,
  r."last_user_name" COLLATE DATABASE_DEFAULT AS User_Name0,
  DATEADD(millisecond, CAST(r."last_user_at" % 86400000 AS int),
    DATEADD(day, CAST(r."last_user_at" / 86400000 AS int), CAST('19700101' AS datetime))) AS Last_Logon_Timestamp0,
  DATEADD(millisecond, CAST(r."created_at" % 86400000 AS int),
    DATEADD(day, CAST(r."created_at" / 86400000 AS int), CAST('19700101' AS datetime))) AS Creation_Date0,
  CAST(NULL AS nvarchar(255)) AS Client_Version0,
  CAST(NULL AS nvarchar(255)) AS User_Domain0,
  CAST(NULL AS nvarchar(255)) AS AD_Site_Name0,
  CAST(NULL AS nvarchar(255)) AS Distinguished_Name0,
  CAST(NULL AS nvarchar(255)) AS Full_Domain_Name0,
  CAST(NULL AS nvarchar(255)) AS Resource_Domain_OR_Workgr0
FROM "config_proxy"."resource" AS r WHERE r.kind = 'device';
CREATE VIEW "cm".v_R_User AS
SELECT r."resource_id" AS ResourceID,
  r."resource_type" AS ResourceType,
  r."name" COLLATE DATABASE_DEFAULT AS Name0,
  r."name" COLLATE DATABASE_DEFAULT AS User_Name0,
  r."name" COLLATE DATABASE_DEFAULT AS Unique_User_Name0,
  r."full_name" COLLATE DATABASE_DEFAULT AS Full_User_Name0,
  r."mail" COLLATE DATABASE_DEFAULT AS Mail0,
  r."site_code" COLLATE DATABASE_DEFAULT AS Assigned_Site0,
  DATEADD(millisecond, CAST(r."created_at" % 86400000 AS int),
    DATEADD(day, CAST(r."created_at" / 86400000 AS int), CAST('19700101' AS datetime))) AS Creation_Date0,
  CAST(NULL AS nvarchar(255)) AS Windows_NT_Domain0,
  CAST(NULL AS nvarchar(255)) AS Distinguished_Name0,
  CAST(NULL AS nvarchar(255)) AS Full_Domain_Name0
FROM "config_proxy"."resource" AS r WHERE r.kind = 'user';
CREATE VIEW "cm".v_RA_System_ResourceNames AS
SELECT r.resource_id AS ResourceID,
  r.name COLLATE DATABASE_DEFAULT AS Resource_Names0
FROM "config_proxy"."resource" AS r WHERE r.kind = 'device';
CREATE VIEW "cm".v_RA_System_SMSAssignedSites AS
SELECT r.resource_id AS ResourceID,
  r.site_code COLLATE DATABASE_DEFAULT AS SMS_Assigned_Sites0
FROM "config_proxy"."resource" AS r WHERE r.kind = 'device';
CREATE VIEW "cm".v_RA_System_SMSInstalledSites AS
SELECT r.resource_id AS ResourceID,
  r.site_code COLLATE DATABASE_DEFAULT AS SMS_Installed_Sites0
FROM "config_proxy"."resource" AS r WHERE r.kind = 'device' AND r.is_client = 1;
CREATE VIEW "cm".v_RA_System_MACAddresses AS
SELECT r.resource_id AS ResourceID,
  n.mac_address COLLATE DATABASE_DEFAULT AS MAC_Addresses0
FROM "config_proxy"."resource" AS r INNER JOIN "config_proxy"."gs_network_adapter" AS n ON n.resource_id = r.resource_id;
CREATE VIEW "cm".v_AgentDiscoveries AS
SELECT a.resource_id AS ResourceId,
  a.agent_name COLLATE DATABASE_DEFAULT AS AgentName,
  r.site_code COLLATE DATABASE_DEFAULT AS AgentSite,
  DATEADD(millisecond, CAST(a.agent_time % 86400000 AS int),
    DATEADD(day, CAST(a.agent_time / 86400000 AS int), CAST('19700101' AS datetime))) AS AgentTime
FROM (
    SELECT resource_id, 'MDM enrollment' AS agent_name, MAX(state_at) AS agent_time
      FROM "config_proxy"."resource_enrollment" WHERE resource_id IS NOT NULL GROUP BY resource_id
    UNION ALL SELECT resource_id, CASE source WHEN 'device' THEN 'MDM device information'
      WHEN 'security' THEN 'MDM security information' WHEN 'profiles' THEN 'MDM profile list'
      ELSE 'MDM application list' END, reported_at FROM "config_proxy"."inventory_report") AS a
  INNER JOIN "config_proxy"."resource" AS r ON r.resource_id = a.resource_id;
CREATE VIEW "cm".v_CH_ClientSummary AS
SELECT r.resource_id AS ResourceID,
  r.netbios_name COLLATE DATABASE_DEFAULT AS NetBiosName,
  r.is_client AS ClientActiveStatus,
  DATEADD(millisecond, CAST(s.last_seen_at % 86400000 AS int),
    DATEADD(day, CAST(s.last_seen_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastActiveTime,
  DATEADD(millisecond, CAST(s.last_seen_at % 86400000 AS int),
    DATEADD(day, CAST(s.last_seen_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastOnline,
  DATEADD(millisecond, CAST(COALESCE(h.reported_at, r.enrolled_at) % 86400000 AS int),
    DATEADD(day, CAST(COALESCE(h.reported_at, r.enrolled_at) / 86400000 AS int), CAST('19700101' AS datetime))) AS LastDDR,
  DATEADD(millisecond, CAST(h.reported_at % 86400000 AS int),
    DATEADD(day, CAST(h.reported_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastHW,
  DATEADD(millisecond, CAST(w.reported_at % 86400000 AS int),
    DATEADD(day, CAST(w.reported_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastSW,
  DATEADD(millisecond, CAST(s.last_seen_at % 86400000 AS int),
    DATEADD(day, CAST(s.last_seen_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastPolicyRequest,
  CAST(NULL AS datetime) AS LastStatusMessage
FROM "config_proxy"."resource" AS r
  LEFT JOIN "config_proxy"."resource_seen" AS s ON s.resource_id = r.resource_id
  LEFT JOIN "config_proxy"."inventory_report" AS h ON h.resource_id = r.resource_id AND h.source = 'device'
  LEFT JOIN "config_proxy"."inventory_report" AS w ON w.resource_id = r.resource_id AND w.source = 'applications' WHERE r.kind = 'device';
CREATE VIEW "cm".v_CombinedDeviceResources AS
SELECT r.resource_id AS MachineID,
  r.resource_id AS ResourceID,
  r.name COLLATE DATABASE_DEFAULT AS Name,
  r.smsid COLLATE DATABASE_DEFAULT AS SMSID,
  r.serial_number COLLATE DATABASE_DEFAULT AS SerialNumber,
  r.site_code COLLATE DATABASE_DEFAULT AS SiteCode,
  CAST(NULL AS nvarchar(255)) AS Domain,
  CAST(NULL AS nvarchar(255)) AS ClientVersion,
  r.last_user_name COLLATE DATABASE_DEFAULT AS UserName,
  r.os_name COLLATE DATABASE_DEFAULT AS DeviceOS,
  r.model COLLATE DATABASE_DEFAULT AS DeviceType,
  CASE WHEN r.platform = 'mac' THEN 5 WHEN r.platform IS NULL THEN NULL ELSE 8 END AS ClientEdition,
  r.client_type AS ClientType,
  r.is_client AS ClientActiveStatus,
  r.is_client AS IsClient,
  r.is_active AS IsActive,
  r.is_obsolete AS IsObsolete,
  r.is_decommissioned AS IsDecommissioned,
  1 AS IsApproved,
  0 AS IsBlocked,
  DATEADD(millisecond, CAST(s.last_seen_at % 86400000 AS int),
    DATEADD(day, CAST(s.last_seen_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastActiveTime,
  DATEADD(millisecond, CAST(COALESCE(h.reported_at, r.enrolled_at) % 86400000 AS int),
    DATEADD(day, CAST(COALESCE(h.reported_at, r.enrolled_at) / 86400000 AS int), CAST('19700101' AS datetime))) AS LastDDR,
  DATEADD(millisecond, CAST(h.reported_at % 86400000 AS int),
    DATEADD(day, CAST(h.reported_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastHardwareScan,
  DATEADD(millisecond, CAST(s.last_seen_at % 86400000 AS int),
    DATEADD(day, CAST(s.last_seen_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastPolicyRequest,
  DATEADD(millisecond, CAST(r.created_at % 86400000 AS int),
    DATEADD(day, CAST(r.created_at / 86400000 AS int), CAST('19700101' AS datetime))) AS CreationDate
FROM "config_proxy"."resource" AS r
  LEFT JOIN "config_proxy"."resource_seen" AS s ON s.resource_id = r.resource_id
  LEFT JOIN "config_proxy"."inventory_report" AS h ON h.resource_id = r.resource_id AND h.source = 'device'
  LEFT JOIN "config_proxy"."inventory_report" AS w ON w.resource_id = r.resource_id AND w.source = 'applications' WHERE r.kind = 'device';
CREATE VIEW "cm".v_UserMachineRelationship AS
SELECT a.resource_id AS MachineResourceID,
  a.resource_name COLLATE DATABASE_DEFAULT AS MachineResourceName,
  a.user_resource_id AS UserResourceID,
  a.unique_user_name COLLATE DATABASE_DEFAULT AS UniqueUserName,
  a.is_primary AS IsPrimary,
  DATEADD(millisecond, CAST(a.created_at % 86400000 AS int),
    DATEADD(day, CAST(a.created_at / 86400000 AS int), CAST('19700101' AS datetime))) AS CreationTime
FROM "config_proxy"."user_machine_relationship" AS a;
CREATE VIEW "cm".v_GS_ExtensionData AS
SELECT e.resource_id AS ResourceID,
  e.property_name COLLATE DATABASE_DEFAULT AS PropertyName,
  e.property_value COLLATE DATABASE_DEFAULT AS PropertyValue,
  DATEADD(millisecond, CAST(e.updated_at % 86400000 AS int),
    DATEADD(day, CAST(e.updated_at / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp
FROM "config_proxy"."extension_data" AS e;
CREATE VIEW "cm".v_GS_MDM_ENROLLMENT AS
SELECT e.resource_id AS ResourceID,
  e.enrollment_id COLLATE DATABASE_DEFAULT AS EnrollmentID0,
  e.kind COLLATE DATABASE_DEFAULT AS Kind0,
  e.state COLLATE DATABASE_DEFAULT AS State0,
  e.is_active AS IsActive0,
  DATEADD(millisecond, CAST(e.enrolled_at % 86400000 AS int),
    DATEADD(day, CAST(e.enrolled_at / 86400000 AS int), CAST('19700101' AS datetime))) AS EnrolledTime0,
  DATEADD(millisecond, CAST(e.removed_at % 86400000 AS int),
    DATEADD(day, CAST(e.removed_at / 86400000 AS int), CAST('19700101' AS datetime))) AS RemovedTime0
FROM "config_proxy"."resource_enrollment" AS e WHERE e.resource_id IS NOT NULL;
CREATE VIEW "cm".v_GS_COMPUTER_SYSTEM AS
SELECT i.resource_id AS ResourceID,
  1 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."model" COLLATE DATABASE_DEFAULT AS Model0,
  i."model_name" COLLATE DATABASE_DEFAULT AS ModelName0,
  i."model_number" COLLATE DATABASE_DEFAULT AS ModelNumber0,
  i."platform" COLLATE DATABASE_DEFAULT AS Platform0,
  i."system_type" COLLATE DATABASE_DEFAULT AS SystemType0,
  i."domain" COLLATE DATABASE_DEFAULT AS Domain0,
  i."user_name" COLLATE DATABASE_DEFAULT AS UserName0,
  i."host_name" COLLATE DATABASE_DEFAULT AS HostName0,
  i."local_host_name" COLLATE DATABASE_DEFAULT AS LocalHostName0,
  CAST(NULL AS nvarchar(255)) AS Roles0
FROM "config_proxy"."gs_computer_system" AS i;
CREATE VIEW "cm".v_HS_COMPUTER_SYSTEM AS
SELECT i.resource_id AS ResourceID,
  1 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."model" COLLATE DATABASE_DEFAULT AS Model0,
  i."model_name" COLLATE DATABASE_DEFAULT AS ModelName0,
  i."model_number" COLLATE DATABASE_DEFAULT AS ModelNumber0,
  i."platform" COLLATE DATABASE_DEFAULT AS Platform0,
  i."system_type" COLLATE DATABASE_DEFAULT AS SystemType0,
  i."domain" COLLATE DATABASE_DEFAULT AS Domain0,
  i."user_name" COLLATE DATABASE_DEFAULT AS UserName0,
  i."host_name" COLLATE DATABASE_DEFAULT AS HostName0,
  i."local_host_name" COLLATE DATABASE_DEFAULT AS LocalHostName0,
  CAST(NULL AS nvarchar(255)) AS Roles0
FROM "config_proxy"."hs_computer_system" AS i;
CREATE VIEW "cm".v_GS_OPERATING_SYSTEM AS
SELECT i.resource_id AS ResourceID,
  2 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."caption" COLLATE DATABASE_DEFAULT AS Caption0,
  i."version" COLLATE DATABASE_DEFAULT AS Version0,
  i."build_number" COLLATE DATABASE_DEFAULT AS BuildNumber0,
  i."csd_version" COLLATE DATABASE_DEFAULT AS CSDVersion0,
  i."time_zone" COLLATE DATABASE_DEFAULT AS TimeZone0,
  CAST(NULL AS datetime) AS InstallDate0,
  CAST(NULL AS datetime) AS LastBootUpTime0
FROM "config_proxy"."gs_operating_system" AS i;
CREATE VIEW "cm".v_HS_OPERATING_SYSTEM AS
SELECT i.resource_id AS ResourceID,
  2 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."caption" COLLATE DATABASE_DEFAULT AS Caption0,
  i."version" COLLATE DATABASE_DEFAULT AS Version0,
  i."build_number" COLLATE DATABASE_DEFAULT AS BuildNumber0,
  i."csd_version" COLLATE DATABASE_DEFAULT AS CSDVersion0,
  i."time_zone" COLLATE DATABASE_DEFAULT AS TimeZone0,
  CAST(NULL AS datetime) AS InstallDate0,
  CAST(NULL AS datetime) AS LastBootUpTime0
FROM "config_proxy"."hs_operating_system" AS i;
CREATE VIEW "cm".v_GS_PC_BIOS AS
SELECT i.resource_id AS ResourceID,
  3 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."serial_number" COLLATE DATABASE_DEFAULT AS SerialNumber0,
  CAST(NULL AS nvarchar(255)) AS SMBIOSBIOSVersion0,
  CAST(NULL AS datetime) AS ReleaseDate0
FROM "config_proxy"."gs_pc_bios" AS i;
CREATE VIEW "cm".v_HS_PC_BIOS AS
SELECT i.resource_id AS ResourceID,
  3 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."serial_number" COLLATE DATABASE_DEFAULT AS SerialNumber0,
  CAST(NULL AS nvarchar(255)) AS SMBIOSBIOSVersion0,
  CAST(NULL AS datetime) AS ReleaseDate0
FROM "config_proxy"."hs_pc_bios" AS i;
CREATE VIEW "cm".v_GS_SYSTEM_ENCLOSURE AS
SELECT i.resource_id AS ResourceID,
  4 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."serial_number" COLLATE DATABASE_DEFAULT AS SerialNumber0,
  i."chassis_types" COLLATE DATABASE_DEFAULT AS ChassisTypes0,
  CAST(NULL AS nvarchar(255)) AS SMBIOSAssetTag0
FROM "config_proxy"."gs_system_enclosure" AS i;
CREATE VIEW "cm".v_HS_SYSTEM_ENCLOSURE AS
SELECT i.resource_id AS ResourceID,
  4 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."serial_number" COLLATE DATABASE_DEFAULT AS SerialNumber0,
  i."chassis_types" COLLATE DATABASE_DEFAULT AS ChassisTypes0,
  CAST(NULL AS nvarchar(255)) AS SMBIOSAssetTag0
FROM "config_proxy"."hs_system_enclosure" AS i;
CREATE VIEW "cm".v_GS_COMPUTER_SYSTEM_PRODUCT AS
SELECT i.resource_id AS ResourceID,
  5 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."vendor" COLLATE DATABASE_DEFAULT AS Vendor0,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."identifying_number" COLLATE DATABASE_DEFAULT AS IdentifyingNumber0,
  i."uuid" COLLATE DATABASE_DEFAULT AS UUID0
FROM "config_proxy"."gs_computer_system_product" AS i;
CREATE VIEW "cm".v_HS_COMPUTER_SYSTEM_PRODUCT AS
SELECT i.resource_id AS ResourceID,
  5 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."vendor" COLLATE DATABASE_DEFAULT AS Vendor0,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."identifying_number" COLLATE DATABASE_DEFAULT AS IdentifyingNumber0,
  i."uuid" COLLATE DATABASE_DEFAULT AS UUID0
FROM "config_proxy"."hs_computer_system_product" AS i;
CREATE VIEW "cm".v_GS_PROCESSOR AS
SELECT i.resource_id AS ResourceID,
  6 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."architecture" AS Architecture0,
  i."is64_bit" AS Is64Bit0
FROM "config_proxy"."gs_processor" AS i;
CREATE VIEW "cm".v_HS_PROCESSOR AS
SELECT i.resource_id AS ResourceID,
  6 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."manufacturer" COLLATE DATABASE_DEFAULT AS Manufacturer0,
  i."architecture" AS Architecture0,
  i."is64_bit" AS Is64Bit0
FROM "config_proxy"."hs_processor" AS i;
CREATE VIEW "cm".v_GS_DISK AS
SELECT i.resource_id AS ResourceID,
  7 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."caption" COLLATE DATABASE_DEFAULT AS Caption0,
  i."size" AS Size0
FROM "config_proxy"."gs_disk" AS i;
CREATE VIEW "cm".v_HS_DISK AS
SELECT i.resource_id AS ResourceID,
  7 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."caption" COLLATE DATABASE_DEFAULT AS Caption0,
  i."size" AS Size0
FROM "config_proxy"."hs_disk" AS i;
CREATE VIEW "cm".v_GS_LOGICAL_DISK AS
SELECT i.resource_id AS ResourceID,
  8 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."device_id" COLLATE DATABASE_DEFAULT AS DeviceID0,
  i."file_system" COLLATE DATABASE_DEFAULT AS FileSystem0,
  i."drive_type" AS DriveType0,
  i."size" AS Size0,
  i."free_space" AS FreeSpace0
FROM "config_proxy"."gs_logical_disk" AS i;
CREATE VIEW "cm".v_HS_LOGICAL_DISK AS
SELECT i.resource_id AS ResourceID,
  8 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."device_id" COLLATE DATABASE_DEFAULT AS DeviceID0,
  i."file_system" COLLATE DATABASE_DEFAULT AS FileSystem0,
  i."drive_type" AS DriveType0,
  i."size" AS Size0,
  i."free_space" AS FreeSpace0
FROM "config_proxy"."hs_logical_disk" AS i;
CREATE VIEW "cm".v_GS_NETWORK_ADAPTER AS
SELECT i.resource_id AS ResourceID,
  9 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."adapter_type" COLLATE DATABASE_DEFAULT AS AdapterType0,
  i."mac_address" COLLATE DATABASE_DEFAULT AS MACAddress0
FROM "config_proxy"."gs_network_adapter" AS i;
CREATE VIEW "cm".v_HS_NETWORK_ADAPTER AS
SELECT i.resource_id AS ResourceID,
  9 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."adapter_type" COLLATE DATABASE_DEFAULT AS AdapterType0,
  i."mac_address" COLLATE DATABASE_DEFAULT AS MACAddress0
FROM "config_proxy"."hs_network_adapter" AS i;
CREATE VIEW "cm".v_GS_NETWORK_ADAPTER_CONFIGURATION AS
SELECT i.resource_id AS ResourceID,
  10 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."mac_address" COLLATE DATABASE_DEFAULT AS MACAddress0,
  i."dns_host_name" COLLATE DATABASE_DEFAULT AS DNSHostName0
FROM "config_proxy"."gs_network_adapter_configuration" AS i;
CREATE VIEW "cm".v_HS_NETWORK_ADAPTER_CONFIGURATION AS
SELECT i.resource_id AS ResourceID,
  10 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."mac_address" COLLATE DATABASE_DEFAULT AS MACAddress0,
  i."dns_host_name" COLLATE DATABASE_DEFAULT AS DNSHostName0
FROM "config_proxy"."hs_network_adapter_configuration" AS i;
CREATE VIEW "cm".v_GS_PORTABLE_BATTERY AS
SELECT i.resource_id AS ResourceID,
  11 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."estimated_charge_remaining" AS EstimatedChargeRemaining0
FROM "config_proxy"."gs_portable_battery" AS i;
CREATE VIEW "cm".v_HS_PORTABLE_BATTERY AS
SELECT i.resource_id AS ResourceID,
  11 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."name" COLLATE DATABASE_DEFAULT AS Name0,
  i."estimated_charge_remaining" AS EstimatedChargeRemaining0
FROM "config_proxy"."hs_portable_battery" AS i;
CREATE VIEW "cm".v_GS_INSTALLED_SOFTWARE AS
SELECT i.resource_id AS ResourceID,
  20 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."product_name" COLLATE DATABASE_DEFAULT AS ProductName0,
  i."product_version" COLLATE DATABASE_DEFAULT AS ProductVersion0,
  i."software_code" COLLATE DATABASE_DEFAULT AS SoftwareCode0,
  i."bundle_version" COLLATE DATABASE_DEFAULT AS BundleVersion0,
  i."publisher" COLLATE DATABASE_DEFAULT AS Publisher0,
  i."estimated_size" AS EstimatedSize0,
  i."is_managed" AS IsManaged0
FROM "config_proxy"."gs_installed_software" AS i;
CREATE VIEW "cm".v_HS_INSTALLED_SOFTWARE AS
SELECT i.resource_id AS ResourceID,
  20 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."product_name" COLLATE DATABASE_DEFAULT AS ProductName0,
  i."product_version" COLLATE DATABASE_DEFAULT AS ProductVersion0,
  i."software_code" COLLATE DATABASE_DEFAULT AS SoftwareCode0,
  i."bundle_version" COLLATE DATABASE_DEFAULT AS BundleVersion0,
  i."publisher" COLLATE DATABASE_DEFAULT AS Publisher0,
  i."estimated_size" AS EstimatedSize0,
  i."is_managed" AS IsManaged0
FROM "config_proxy"."hs_installed_software" AS i;
CREATE VIEW "cm".v_GS_ADD_REMOVE_PROGRAMS AS
SELECT i.resource_id AS ResourceID,
  20 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."product_name" COLLATE DATABASE_DEFAULT AS DisplayName0,
  i."product_version" COLLATE DATABASE_DEFAULT AS Version0,
  i."publisher" COLLATE DATABASE_DEFAULT AS Publisher0,
  i."software_code" COLLATE DATABASE_DEFAULT AS ProdID0,
  CAST(NULL AS nvarchar(255)) AS InstallDate0
FROM "config_proxy"."gs_installed_software" AS i;
CREATE VIEW "cm".v_GS_MDM_DEVICE AS
SELECT i.resource_id AS ResourceID,
  100 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."is_supervised" AS IsSupervised0,
  i."is_apple_silicon" AS IsAppleSilicon0,
  i."activation_lock_enabled" AS ActivationLockEnabled0,
  i."lost_mode_enabled" AS LostModeEnabled0,
  i."imei" COLLATE DATABASE_DEFAULT AS IMEI0,
  i."phone_number" COLLATE DATABASE_DEFAULT AS PhoneNumber0,
  DATEADD(millisecond, CAST(i."last_cloud_backup" % 86400000 AS int),
    DATEADD(day, CAST(i."last_cloud_backup" / 86400000 AS int), CAST('19700101' AS datetime))) AS LastCloudBackup0
FROM "config_proxy"."gs_mdm_device" AS i;
CREATE VIEW "cm".v_HS_MDM_DEVICE AS
SELECT i.resource_id AS ResourceID,
  100 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."is_supervised" AS IsSupervised0,
  i."is_apple_silicon" AS IsAppleSilicon0,
  i."activation_lock_enabled" AS ActivationLockEnabled0,
  i."lost_mode_enabled" AS LostModeEnabled0,
  i."imei" COLLATE DATABASE_DEFAULT AS IMEI0,
  i."phone_number" COLLATE DATABASE_DEFAULT AS PhoneNumber0,
  DATEADD(millisecond, CAST(i."last_cloud_backup" % 86400000 AS int),
    DATEADD(day, CAST(i."last_cloud_backup" / 86400000 AS int), CAST('19700101' AS datetime))) AS LastCloudBackup0
FROM "config_proxy"."hs_mdm_device" AS i;
CREATE VIEW "cm".v_GS_MDM_SECURITY AS
SELECT i.resource_id AS ResourceID,
  101 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."file_vault_enabled" AS FileVaultEnabled0,
  i."has_personal_recovery_key" AS HasPersonalRecoveryKey0,
  i."has_institutional_recovery_key" AS HasInstitutionalRecoveryKey0,
  i."firewall_enabled" AS FirewallEnabled0,
  i."system_integrity_protection" AS SystemIntegrityProtection0,
  i."secure_boot_level" COLLATE DATABASE_DEFAULT AS SecureBootLevel0,
  i."recovery_lock_enabled" AS RecoveryLockEnabled0,
  i."remote_desktop_enabled" AS RemoteDesktopEnabled0,
  i."passcode_present" AS PasscodePresent0,
  i."passcode_compliant" AS PasscodeCompliant0,
  i."user_approved_enrollment" AS UserApprovedEnrollment0,
  i."enrolled_via_dep" AS EnrolledViaDEP0
FROM "config_proxy"."gs_mdm_security" AS i;
CREATE VIEW "cm".v_HS_MDM_SECURITY AS
SELECT i.resource_id AS ResourceID,
  101 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."file_vault_enabled" AS FileVaultEnabled0,
  i."has_personal_recovery_key" AS HasPersonalRecoveryKey0,
  i."has_institutional_recovery_key" AS HasInstitutionalRecoveryKey0,
  i."firewall_enabled" AS FirewallEnabled0,
  i."system_integrity_protection" AS SystemIntegrityProtection0,
  i."secure_boot_level" COLLATE DATABASE_DEFAULT AS SecureBootLevel0,
  i."recovery_lock_enabled" AS RecoveryLockEnabled0,
  i."remote_desktop_enabled" AS RemoteDesktopEnabled0,
  i."passcode_present" AS PasscodePresent0,
  i."passcode_compliant" AS PasscodeCompliant0,
  i."user_approved_enrollment" AS UserApprovedEnrollment0,
  i."enrolled_via_dep" AS EnrolledViaDEP0
FROM "config_proxy"."hs_mdm_security" AS i;
CREATE VIEW "cm".v_GS_MDM_PROFILE AS
SELECT i.resource_id AS ResourceID,
  102 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."identifier" COLLATE DATABASE_DEFAULT AS Identifier0,
  i."uuid" COLLATE DATABASE_DEFAULT AS UUID0,
  i."display_name" COLLATE DATABASE_DEFAULT AS DisplayName0,
  i."organization" COLLATE DATABASE_DEFAULT AS Organization0,
  i."is_managed" AS IsManaged0,
  i."payload_types" COLLATE DATABASE_DEFAULT AS PayloadTypes0
FROM "config_proxy"."gs_mdm_profile" AS i;
CREATE VIEW "cm".v_HS_MDM_PROFILE AS
SELECT i.resource_id AS ResourceID,
  102 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."identifier" COLLATE DATABASE_DEFAULT AS Identifier0,
  i."uuid" COLLATE DATABASE_DEFAULT AS UUID0,
  i."display_name" COLLATE DATABASE_DEFAULT AS DisplayName0,
  i."organization" COLLATE DATABASE_DEFAULT AS Organization0,
  i."is_managed" AS IsManaged0,
  i."payload_types" COLLATE DATABASE_DEFAULT AS PayloadTypes0
FROM "config_proxy"."hs_mdm_profile" AS i;
CREATE VIEW "cm".v_Add_Remove_Programs AS
SELECT i.resource_id AS ResourceID,
  20 AS GroupID,
  i.revision_id AS RevisionID,
  DATEADD(millisecond, CAST(i.time_stamp % 86400000 AS int),
    DATEADD(day, CAST(i.time_stamp / 86400000 AS int), CAST('19700101' AS datetime))) AS TimeStamp,
  i."product_name" COLLATE DATABASE_DEFAULT AS DisplayName0,
  i."product_version" COLLATE DATABASE_DEFAULT AS Version0,
  i."publisher" COLLATE DATABASE_DEFAULT AS Publisher0,
  i."software_code" COLLATE DATABASE_DEFAULT AS ProdID0,
  CAST(NULL AS nvarchar(255)) AS InstallDate0
FROM "config_proxy"."gs_installed_software" AS i;
CREATE VIEW "cm".v_Collection AS
SELECT c.collection_id COLLATE DATABASE_DEFAULT AS CollectionID,
  c.name COLLATE DATABASE_DEFAULT AS Name,
  c.comment COLLATE DATABASE_DEFAULT AS Comment,
  CASE WHEN c.kind = 'user' THEN 1 ELSE 2 END AS CollectionType,
  c.limiting_id COLLATE DATABASE_DEFAULT AS LimitToCollectionID,
  l.name COLLATE DATABASE_DEFAULT AS LimitToCollectionName,
  c.member_count AS MemberCount,
  c.refresh_type AS RefreshType,
  c.is_built_in AS IsBuiltIn,
  DATEADD(millisecond, CAST(c.last_evaluated_at % 86400000 AS int),
    DATEADD(day, CAST(c.last_evaluated_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastRefreshTime,
  DATEADD(millisecond, CAST(c.last_member_change_at % 86400000 AS int),
    DATEADD(day, CAST(c.last_member_change_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastMemberChangeTime,
  DATEADD(millisecond, CAST(c.changed_at % 86400000 AS int),
    DATEADD(day, CAST(c.changed_at / 86400000 AS int), CAST('19700101' AS datetime))) AS LastChangeTime
FROM "config_proxy"."collection" AS c LEFT JOIN "config_proxy"."collection" AS l ON l.collection_id = c.limiting_id;
CREATE VIEW "cm".v_FullCollectionMembership AS
SELECT m.collection_id COLLATE DATABASE_DEFAULT AS CollectionID,
  m.resource_id AS ResourceID,
  r.resource_type AS ResourceType,
  r.name COLLATE DATABASE_DEFAULT AS Name,
  r.smsid COLLATE DATABASE_DEFAULT AS SMSID,
  r.site_code COLLATE DATABASE_DEFAULT AS SiteCode,
  CAST(NULL AS nvarchar(255)) AS Domain,
  CAST(NULL AS nvarchar(255)) AS ClientVersion,
  r.client_type AS ClientType,
  m.is_direct AS IsDirect,
  r.is_client AS IsClient,
  r.is_active AS IsActive,
  r.is_obsolete AS IsObsolete,
  1 AS IsAssigned,
  1 AS IsApproved,
  0 AS IsBlocked
FROM "config_proxy"."collection_member" AS m INNER JOIN "config_proxy"."resource" AS r ON r.resource_id = m.resource_id;
CREATE VIEW "cm".v_GroupMap AS
SELECT k.c0 AS GroupID,
  k.c1 COLLATE DATABASE_DEFAULT AS DisplayName,
  k.c2 COLLATE DATABASE_DEFAULT AS InvClassName,
  k.c3 COLLATE DATABASE_DEFAULT AS InvHistoryClassName,
  k.c4 COLLATE DATABASE_DEFAULT AS MIFClass
FROM (
  SELECT 1 AS c0, 'Computer System' AS c1, 'v_GS_COMPUTER_SYSTEM' AS c2, 'v_HS_COMPUTER_SYSTEM' AS c3, 'SMS_G_System_COMPUTER_SYSTEM' AS c4
  UNION ALL SELECT 2 AS c0, 'Operating System' AS c1, 'v_GS_OPERATING_SYSTEM' AS c2, 'v_HS_OPERATING_SYSTEM' AS c3, 'SMS_G_System_OPERATING_SYSTEM' AS c4
  UNION ALL SELECT 3 AS c0, 'PC BIOS' AS c1, 'v_GS_PC_BIOS' AS c2, 'v_HS_PC_BIOS' AS c3, 'SMS_G_System_PC_BIOS' AS c4
  UNION ALL SELECT 4 AS c0, 'System Enclosure' AS c1, 'v_GS_SYSTEM_ENCLOSURE' AS c2, 'v_HS_SYSTEM_ENCLOSURE' AS c3, 'SMS_G_System_SYSTEM_ENCLOSURE' AS c4
  UNION ALL SELECT 5 AS c0, 'Computer System Product' AS c1, 'v_GS_COMPUTER_SYSTEM_PRODUCT' AS c2, 'v_HS_COMPUTER_SYSTEM_PRODUCT' AS c3, 'SMS_G_System_COMPUTER_SYSTEM_PRODUCT' AS c4
  UNION ALL SELECT 6 AS c0, 'Processor' AS c1, 'v_GS_PROCESSOR' AS c2, 'v_HS_PROCESSOR' AS c3, 'SMS_G_System_PROCESSOR' AS c4
  UNION ALL SELECT 7 AS c0, 'Disk' AS c1, 'v_GS_DISK' AS c2, 'v_HS_DISK' AS c3, 'SMS_G_System_DISK' AS c4
  UNION ALL SELECT 8 AS c0, 'Logical Disk' AS c1, 'v_GS_LOGICAL_DISK' AS c2, 'v_HS_LOGICAL_DISK' AS c3, 'SMS_G_System_LOGICAL_DISK' AS c4
  UNION ALL SELECT 9 AS c0, 'Network Adapter' AS c1, 'v_GS_NETWORK_ADAPTER' AS c2, 'v_HS_NETWORK_ADAPTER' AS c3, 'SMS_G_System_NETWORK_ADAPTER' AS c4
  UNION ALL SELECT 10 AS c0, 'Network Adapter Configuration' AS c1, 'v_GS_NETWORK_ADAPTER_CONFIGURATION' AS c2, 'v_HS_NETWORK_ADAPTER_CONFIGURATION' AS c3, 'SMS_G_System_NETWORK_ADAPTER_CONFIGURATION' AS c4
  UNION ALL SELECT 11 AS c0, 'Portable Battery' AS c1, 'v_GS_PORTABLE_BATTERY' AS c2, 'v_HS_PORTABLE_BATTERY' AS c3, 'SMS_G_System_PORTABLE_BATTERY' AS c4
  UNION ALL SELECT 20 AS c0, 'Installed Software' AS c1, 'v_GS_INSTALLED_SOFTWARE' AS c2, 'v_HS_INSTALLED_SOFTWARE' AS c3, 'SMS_G_System_INSTALLED_SOFTWARE' AS c4
  UNION ALL SELECT 100 AS c0, 'MDM Device' AS c1, 'v_GS_MDM_DEVICE' AS c2, 'v_HS_MDM_DEVICE' AS c3, 'SMS_G_System_MDM_DEVICE' AS c4
  UNION ALL SELECT 101 AS c0, 'MDM Security' AS c1, 'v_GS_MDM_SECURITY' AS c2, 'v_HS_MDM_SECURITY' AS c3, 'SMS_G_System_MDM_SECURITY' AS c4
  UNION ALL SELECT 102 AS c0, 'MDM Profile' AS c1, 'v_GS_MDM_PROFILE' AS c2, 'v_HS_MDM_PROFILE' AS c3, 'SMS_G_System_MDM_PROFILE' AS c4) AS k;
CREATE VIEW "cm".v_GroupAttributeMap AS
SELECT k.c0 AS GroupID,
  k.c1 AS AttributeID,
  k.c2 COLLATE DATABASE_DEFAULT AS DisplayName,
  k.c3 COLLATE DATABASE_DEFAULT AS ColumnName
FROM (
  SELECT 1 AS c0, 1 AS c1, 'Name' AS c2, 'Name0' AS c3
  UNION ALL SELECT 1 AS c0, 2 AS c1, 'Manufacturer' AS c2, 'Manufacturer0' AS c3
  UNION ALL SELECT 1 AS c0, 3 AS c1, 'Model' AS c2, 'Model0' AS c3
  UNION ALL SELECT 1 AS c0, 4 AS c1, 'ModelName' AS c2, 'ModelName0' AS c3
  UNION ALL SELECT 1 AS c0, 5 AS c1, 'ModelNumber' AS c2, 'ModelNumber0' AS c3
  UNION ALL SELECT 1 AS c0, 6 AS c1, 'Platform' AS c2, 'Platform0' AS c3
  UNION ALL SELECT 1 AS c0, 7 AS c1, 'SystemType' AS c2, 'SystemType0' AS c3
  UNION ALL SELECT 1 AS c0, 8 AS c1, 'Domain' AS c2, 'Domain0' AS c3
  UNION ALL SELECT 1 AS c0, 9 AS c1, 'UserName' AS c2, 'UserName0' AS c3
  UNION ALL SELECT 1 AS c0, 10 AS c1, 'HostName' AS c2, 'HostName0' AS c3
  UNION ALL SELECT 1 AS c0, 11 AS c1, 'LocalHostName' AS c2, 'LocalHostName0' AS c3
  UNION ALL SELECT 2 AS c0, 1 AS c1, 'Caption' AS c2, 'Caption0' AS c3
  UNION ALL SELECT 2 AS c0, 2 AS c1, 'Version' AS c2, 'Version0' AS c3
  UNION ALL SELECT 2 AS c0, 3 AS c1, 'BuildNumber' AS c2, 'BuildNumber0' AS c3
  UNION ALL SELECT 2 AS c0, 4 AS c1, 'CSDVersion' AS c2, 'CSDVersion0' AS c3
  UNION ALL SELECT 2 AS c0, 5 AS c1, 'TimeZone' AS c2, 'TimeZone0' AS c3
  UNION ALL SELECT 3 AS c0, 1 AS c1, 'Manufacturer' AS c2, 'Manufacturer0' AS c3
  UNION ALL SELECT 3 AS c0, 2 AS c1, 'SerialNumber' AS c2, 'SerialNumber0' AS c3
  UNION ALL SELECT 4 AS c0, 1 AS c1, 'Manufacturer' AS c2, 'Manufacturer0' AS c3
  UNION ALL SELECT 4 AS c0, 2 AS c1, 'SerialNumber' AS c2, 'SerialNumber0' AS c3
  UNION ALL SELECT 4 AS c0, 3 AS c1, 'ChassisTypes' AS c2, 'ChassisTypes0' AS c3
  UNION ALL SELECT 5 AS c0, 1 AS c1, 'Vendor' AS c2, 'Vendor0' AS c3
  UNION ALL SELECT 5 AS c0, 2 AS c1, 'Name' AS c2, 'Name0' AS c3
  UNION ALL SELECT 5 AS c0, 3 AS c1, 'IdentifyingNumber' AS c2, 'IdentifyingNumber0' AS c3
  UNION ALL SELECT 5 AS c0, 4 AS c1, 'UUID' AS c2, 'UUID0' AS c3
  UNION ALL SELECT 6 AS c0, 1 AS c1, 'Name' AS c2, 'Name0' AS c3
  UNION ALL SELECT 6 AS c0, 2 AS c1, 'Manufacturer' AS c2, 'Manufacturer0' AS c3
  UNION ALL SELECT 6 AS c0, 3 AS c1, 'Architecture' AS c2, 'Architecture0' AS c3
  UNION ALL SELECT 6 AS c0, 4 AS c1, 'Is64Bit' AS c2, 'Is64Bit0' AS c3
  UNION ALL SELECT 7 AS c0, 1 AS c1, 'Caption' AS c2, 'Caption0' AS c3
  UNION ALL SELECT 7 AS c0, 2 AS c1, 'Size' AS c2, 'Size0' AS c3
  UNION ALL SELECT 8 AS c0, 1 AS c1, 'DeviceID' AS c2, 'DeviceID0' AS c3
  UNION ALL SELECT 8 AS c0, 2 AS c1, 'FileSystem' AS c2, 'FileSystem0' AS c3
  UNION ALL SELECT 8 AS c0, 3 AS c1, 'DriveType' AS c2, 'DriveType0' AS c3
  UNION ALL SELECT 8 AS c0, 4 AS c1, 'Size' AS c2, 'Size0' AS c3
  UNION ALL SELECT 8 AS c0, 5 AS c1, 'FreeSpace' AS c2, 'FreeSpace0' AS c3
  UNION ALL SELECT 9 AS c0, 1 AS c1, 'Name' AS c2, 'Name0' AS c3
  UNION ALL SELECT 9 AS c0, 2 AS c1, 'AdapterType' AS c2, 'AdapterType0' AS c3
  UNION ALL SELECT 9 AS c0, 3 AS c1, 'MACAddress' AS c2, 'MACAddress0' AS c3
  UNION ALL SELECT 10 AS c0, 1 AS c1, 'MACAddress' AS c2, 'MACAddress0' AS c3
  UNION ALL SELECT 10 AS c0, 2 AS c1, 'DNSHostName' AS c2, 'DNSHostName0' AS c3
  UNION ALL SELECT 11 AS c0, 1 AS c1, 'Name' AS c2, 'Name0' AS c3
  UNION ALL SELECT 11 AS c0, 2 AS c1, 'EstimatedChargeRemaining' AS c2, 'EstimatedChargeRemaining0' AS c3
  UNION ALL SELECT 20 AS c0, 1 AS c1, 'ProductName' AS c2, 'ProductName0' AS c3
  UNION ALL SELECT 20 AS c0, 2 AS c1, 'ProductVersion' AS c2, 'ProductVersion0' AS c3
  UNION ALL SELECT 20 AS c0, 3 AS c1, 'SoftwareCode' AS c2, 'SoftwareCode0' AS c3
  UNION ALL SELECT 20 AS c0, 4 AS c1, 'BundleVersion' AS c2, 'BundleVersion0' AS c3
  UNION ALL SELECT 20 AS c0, 5 AS c1, 'Publisher' AS c2, 'Publisher0' AS c3
  UNION ALL SELECT 20 AS c0, 6 AS c1, 'EstimatedSize' AS c2, 'EstimatedSize0' AS c3
  UNION ALL SELECT 20 AS c0, 7 AS c1, 'IsManaged' AS c2, 'IsManaged0' AS c3
  UNION ALL SELECT 100 AS c0, 1 AS c1, 'IsSupervised' AS c2, 'IsSupervised0' AS c3
  UNION ALL SELECT 100 AS c0, 2 AS c1, 'IsAppleSilicon' AS c2, 'IsAppleSilicon0' AS c3
  UNION ALL SELECT 100 AS c0, 3 AS c1, 'ActivationLockEnabled' AS c2, 'ActivationLockEnabled0' AS c3
  UNION ALL SELECT 100 AS c0, 4 AS c1, 'LostModeEnabled' AS c2, 'LostModeEnabled0' AS c3
  UNION ALL SELECT 100 AS c0, 5 AS c1, 'IMEI' AS c2, 'IMEI0' AS c3
  UNION ALL SELECT 100 AS c0, 6 AS c1, 'PhoneNumber' AS c2, 'PhoneNumber0' AS c3
  UNION ALL SELECT 100 AS c0, 7 AS c1, 'LastCloudBackup' AS c2, 'LastCloudBackup0' AS c3
  UNION ALL SELECT 101 AS c0, 1 AS c1, 'FileVaultEnabled' AS c2, 'FileVaultEnabled0' AS c3
  UNION ALL SELECT 101 AS c0, 2 AS c1, 'HasPersonalRecoveryKey' AS c2, 'HasPersonalRecoveryKey0' AS c3
  UNION ALL SELECT 101 AS c0, 3 AS c1, 'HasInstitutionalRecoveryKey' AS c2, 'HasInstitutionalRecoveryKey0' AS c3
  UNION ALL SELECT 101 AS c0, 4 AS c1, 'FirewallEnabled' AS c2, 'FirewallEnabled0' AS c3
  UNION ALL SELECT 101 AS c0, 5 AS c1, 'SystemIntegrityProtection' AS c2, 'SystemIntegrityProtection0' AS c3
  UNION ALL SELECT 101 AS c0, 6 AS c1, 'SecureBootLevel' AS c2, 'SecureBootLevel0' AS c3
  UNION ALL SELECT 101 AS c0, 7 AS c1, 'RecoveryLockEnabled' AS c2, 'RecoveryLockEnabled0' AS c3
  UNION ALL SELECT 101 AS c0, 8 AS c1, 'RemoteDesktopEnabled' AS c2, 'RemoteDesktopEnabled0' AS c3
  UNION ALL SELECT 101 AS c0, 9 AS c1, 'PasscodePresent' AS c2, 'PasscodePresent0' AS c3
  UNION ALL SELECT 101 AS c0, 10 AS c1, 'PasscodeCompliant' AS c2, 'PasscodeCompliant0' AS c3
  UNION ALL SELECT 101 AS c0, 11 AS c1, 'UserApprovedEnrollment' AS c2, 'UserApprovedEnrollment0' AS c3
  UNION ALL SELECT 101 AS c0, 12 AS c1, 'EnrolledViaDEP' AS c2, 'EnrolledViaDEP0' AS c3
  UNION ALL SELECT 102 AS c0, 1 AS c1, 'Identifier' AS c2, 'Identifier0' AS c3
  UNION ALL SELECT 102 AS c0, 2 AS c1, 'UUID' AS c2, 'UUID0' AS c3
  UNION ALL SELECT 102 AS c0, 3 AS c1, 'DisplayName' AS c2, 'DisplayName0' AS c3
  UNION ALL SELECT 102 AS c0, 4 AS c1, 'Organization' AS c2, 'Organization0' AS c3
  UNION ALL SELECT 102 AS c0, 5 AS c1, 'IsManaged' AS c2, 'IsManaged0' AS c3
  UNION ALL SELECT 102 AS c0, 6 AS c1, 'PayloadTypes' AS c2, 'PayloadTypes0' AS c3) AS k;
CREATE VIEW "cm".v_ResourceMap AS
SELECT k.c0 AS ResourceType,
  k.c1 COLLATE DATABASE_DEFAULT AS DisplayName,
  k.c2 COLLATE DATABASE_DEFAULT AS ResourceClassName
FROM (
  SELECT 5 AS c0, 'System Resource' AS c1, 'SMS_R_System' AS c2
  UNION ALL SELECT 4 AS c0, 'User Resource' AS c1, 'SMS_R_User' AS c2) AS k;
CREATE VIEW "cm".v_SchemaViews AS
SELECT k.c0 COLLATE DATABASE_DEFAULT AS Type,
  k.c1 COLLATE DATABASE_DEFAULT AS ViewName
FROM (
  SELECT 'Discovery' AS c0, 'v_R_System' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_R_User' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_RA_System_ResourceNames' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_RA_System_SMSAssignedSites' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_RA_System_SMSInstalledSites' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_RA_System_MACAddresses' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_AgentDiscoveries' AS c1
  UNION ALL SELECT 'Status' AS c0, 'v_CH_ClientSummary' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_CombinedDeviceResources' AS c1
  UNION ALL SELECT 'Discovery' AS c0, 'v_UserMachineRelationship' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_ExtensionData' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_MDM_ENROLLMENT' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_COMPUTER_SYSTEM' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_COMPUTER_SYSTEM' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_OPERATING_SYSTEM' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_OPERATING_SYSTEM' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_PC_BIOS' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_PC_BIOS' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_SYSTEM_ENCLOSURE' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_SYSTEM_ENCLOSURE' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_COMPUTER_SYSTEM_PRODUCT' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_COMPUTER_SYSTEM_PRODUCT' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_PROCESSOR' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_PROCESSOR' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_DISK' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_DISK' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_LOGICAL_DISK' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_LOGICAL_DISK' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_NETWORK_ADAPTER' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_NETWORK_ADAPTER' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_NETWORK_ADAPTER_CONFIGURATION' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_NETWORK_ADAPTER_CONFIGURATION' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_PORTABLE_BATTERY' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_PORTABLE_BATTERY' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_INSTALLED_SOFTWARE' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_INSTALLED_SOFTWARE' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_ADD_REMOVE_PROGRAMS' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_MDM_DEVICE' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_MDM_DEVICE' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_MDM_SECURITY' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_MDM_SECURITY' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_GS_MDM_PROFILE' AS c1
  UNION ALL SELECT 'History' AS c0, 'v_HS_MDM_PROFILE' AS c1
  UNION ALL SELECT 'Inventory' AS c0, 'v_Add_Remove_Programs' AS c1
  UNION ALL SELECT 'Collection' AS c0, 'v_Collection' AS c1
  UNION ALL SELECT 'Collection' AS c0, 'v_FullCollectionMembership' AS c1
  UNION ALL SELECT 'Schema' AS c0, 'v_GroupMap' AS c1
  UNION ALL SELECT 'Schema' AS c0, 'v_GroupAttributeMap' AS c1
  UNION ALL SELECT 'Schema' AS c0, 'v_ResourceMap' AS c1
  UNION ALL SELECT 'Schema' AS c0, 'v_SchemaViews' AS c1) AS k;

-- and back
-- 2026-11-21-create-reporting-views
DROP VIEW "cm".v_SchemaViews;
DROP VIEW "cm".v_ResourceMap;
DROP VIEW "cm".v_GroupAttributeMap;
DROP VIEW "cm".v_GroupMap;
DROP VIEW "cm".v_FullCollectionMembership;
DROP VIEW "cm".v_Collection;
DROP VIEW "cm".v_Add_Remove_Programs;
DROP VIEW "cm".v_HS_MDM_PROFILE;
DROP VIEW "cm".v_GS_MDM_PROFILE;
DROP VIEW "cm".v_HS_MDM_SECURITY;
DROP VIEW "cm".v_GS_MDM_SECURITY;
DROP VIEW "cm".v_HS_MDM_DEVICE;
DROP VIEW "cm".v_GS_MDM_DEVICE;
DROP VIEW "cm".v_GS_ADD_REMOVE_PROGRAMS;
DROP VIEW "cm".v_HS_INSTALLED_SOFTWARE;
DROP VIEW "cm".v_GS_INSTALLED_SOFTWARE;
DROP VIEW "cm".v_HS_PORTABLE_BATTERY;
DROP VIEW "cm".v_GS_PORTABLE_BATTERY;
DROP VIEW "cm".v_HS_NETWORK_ADAPTER_CONFIGURATION;
DROP VIEW "cm".v_GS_NETWORK_ADAPTER_CONFIGURATION;
DROP VIEW "cm".v_HS_NETWORK_ADAPTER;
DROP VIEW "cm".v_GS_NETWORK_ADAPTER;
DROP VIEW "cm".v_HS_LOGICAL_DISK;
DROP VIEW "cm".v_GS_LOGICAL_DISK;
DROP VIEW "cm".v_HS_DISK;
DROP VIEW "cm".v_GS_DISK;
DROP VIEW "cm".v_HS_PROCESSOR;
DROP VIEW "cm".v_GS_PROCESSOR;
DROP VIEW "cm".v_HS_COMPUTER_SYSTEM_PRODUCT;
DROP VIEW "cm".v_GS_COMPUTER_SYSTEM_PRODUCT;
DROP VIEW "cm".v_HS_SYSTEM_ENCLOSURE;
DROP VIEW "cm".v_GS_SYSTEM_ENCLOSURE;
DROP VIEW "cm".v_HS_PC_BIOS;
DROP VIEW "cm".v_GS_PC_BIOS;
DROP VIEW "cm".v_HS_OPERATING_SYSTEM;
DROP VIEW "cm".v_GS_OPERATING_SYSTEM;
DROP VIEW "cm".v_HS_COMPUTER_SYSTEM;
DROP VIEW "cm".v_GS_COMPUTER_SYSTEM;
DROP VIEW "cm".v_GS_MDM_ENROLLMENT;
DROP VIEW "cm".v_GS_ExtensionData;
DROP VIEW "cm".v_UserMachineRelationship;
DROP VIEW "cm".v_CombinedDeviceResources;
DROP VIEW "cm".v_CH_ClientSummary;
DROP VIEW "cm".v_AgentDiscoveries;
DROP VIEW "cm".v_RA_System_MACAddresses;
DROP VIEW "cm".v_RA_System_SMSInstalledSites;
DROP VIEW "cm".v_RA_System_SMSAssignedSites;
DROP VIEW "cm".v_RA_System_ResourceNames;
DROP VIEW "cm".v_R_User;
DROP VIEW "cm".v_R_System;
DROP SCHEMA "cm";
-- 2026-11-21-create-resources
DROP VIEW "config_proxy"."user_machine_relationship";
DROP VIEW "config_proxy"."r_user";
DROP VIEW "config_proxy"."r_system";
DROP TABLE "config_proxy"."user_affinity";
DROP TABLE "config_proxy"."extension_data";
DROP TABLE "config_proxy"."hs_mdm_profile";
DROP TABLE "config_proxy"."gs_mdm_profile";
DROP TABLE "config_proxy"."hs_mdm_security";
DROP TABLE "config_proxy"."gs_mdm_security";
DROP TABLE "config_proxy"."hs_mdm_device";
DROP TABLE "config_proxy"."gs_mdm_device";
DROP TABLE "config_proxy"."hs_installed_software";
DROP TABLE "config_proxy"."gs_installed_software";
DROP TABLE "config_proxy"."hs_portable_battery";
DROP TABLE "config_proxy"."gs_portable_battery";
DROP TABLE "config_proxy"."hs_network_adapter_configuration";
DROP TABLE "config_proxy"."gs_network_adapter_configuration";
DROP TABLE "config_proxy"."hs_network_adapter";
DROP TABLE "config_proxy"."gs_network_adapter";
DROP TABLE "config_proxy"."hs_logical_disk";
DROP TABLE "config_proxy"."gs_logical_disk";
DROP TABLE "config_proxy"."hs_disk";
DROP TABLE "config_proxy"."gs_disk";
DROP TABLE "config_proxy"."hs_processor";
DROP TABLE "config_proxy"."gs_processor";
DROP TABLE "config_proxy"."hs_computer_system_product";
DROP TABLE "config_proxy"."gs_computer_system_product";
DROP TABLE "config_proxy"."hs_system_enclosure";
DROP TABLE "config_proxy"."gs_system_enclosure";
DROP TABLE "config_proxy"."hs_pc_bios";
DROP TABLE "config_proxy"."gs_pc_bios";
DROP TABLE "config_proxy"."hs_operating_system";
DROP TABLE "config_proxy"."gs_operating_system";
DROP TABLE "config_proxy"."hs_computer_system";
DROP TABLE "config_proxy"."gs_computer_system";
DROP TABLE "config_proxy"."inventory_report";
DROP TABLE "config_proxy"."resource_seen";
DROP TABLE "config_proxy"."resource_enrollment";
DROP TABLE "config_proxy"."resource";
