INSERT INTO "config_proxy"."api_token" ("id", "name", "hash", "administrator_id", "made_by", "scopes", "created_at", "created_by", "expires_at") SELECT @0, @1, @2, @3, NULL, @4, @5, @6, NULL
  WHERE NOT EXISTS (SELECT 1 FROM "config_proxy"."api_token" WITH (UPDLOCK, HOLDLOCK)
  WHERE "hash" = @2);
-- ["id-1","spec","hash","00000000-0000-4000-8000-000000000001","devices:read",1,"spec"]

SELECT id, name, hash, administrator_id, made_by, scopes, created_at, created_by, expires_at, revoked_at,
  last_used_at FROM "config_proxy"."api_token" WHERE hash = @0;
-- ["hash"]

SELECT * FROM (SELECT id, name, hash, administrator_id, made_by, scopes, created_at, created_by, expires_at, revoked_at,
  last_used_at FROM "config_proxy"."api_token" WHERE administrator_id = @0) AS page  ORDER BY "created_at" DESC, "id"
  OFFSET 0 ROWS FETCH NEXT 11 ROWS ONLY;
-- ["a-1"]

SELECT administrator_id FROM "config_proxy"."api_token" WHERE id = @0;
-- ["id-1"]

UPDATE "config_proxy"."api_token" SET revoked_at = @0, revoked_by = @1 WHERE id = @2 AND revoked_at IS NULL;
-- [2,"spec","id-1"]

UPDATE "config_proxy"."api_token" SET scopes = @0 WHERE hash = @1;
-- ["devices:read","hash"]

UPDATE "config_proxy"."api_token" SET last_used_at = @0
  WHERE id = @1 AND (last_used_at IS NULL OR last_used_at < @0);
-- [3,"id-1"]
