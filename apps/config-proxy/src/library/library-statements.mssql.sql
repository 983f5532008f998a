INSERT INTO "config_proxy"."library_thing" ("id", "kind", "made_of", "number", "identifier", "scope", "created_at", "created_by", "name", "name_folded", "description", "platforms", "publisher", "software_version", "member_count", "categories", "revision", "version", "changed_at", "changed_by") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13, @14, @15, @16, @17, @18, @19);
-- ["thing","configuration-item","profile",1,"com.example.lock","system",1,"spec","Lock","lock","","mac ipad","","",0,"[]",1,1,1,"spec"]

UPDATE "config_proxy"."library_thing" SET name = @0, name_folded = @1, description = @2, platforms = @3, publisher = @4, software_version = @5, member_count = @6, categories = @7, revision = @8, version = @9, changed_at = @10, changed_by = @11 WHERE id = @12;
-- ["Lock","lock","","mac ipad","","",0,"[]",1,1,1,"spec","thing"]

SELECT id, kind, made_of, number, name, name_folded, description, identifier, scope, platforms, publisher,
  software_version, member_count, categories, revision, version, created_at, created_by, changed_at, changed_by FROM "config_proxy"."library_thing" t WITH (UPDLOCK) WHERE id = @0 AND kind = @1 ;
-- ["a","package"]

SELECT id, kind, made_of, number, name, name_folded, description, identifier, scope, platforms, publisher,
  software_version, member_count, categories, revision, version, created_at, created_by, changed_at, changed_by FROM "config_proxy"."library_thing" t WITH (REPEATABLEREAD)
  WHERE id IN (@0, @1) AND kind = 'configuration-item' ORDER BY id ;
-- ["a","b"]

SELECT * FROM (SELECT id, kind, made_of, number, name, name_folded, description, identifier, scope, platforms, publisher,
  software_version, member_count, categories, revision, version, created_at, created_by, changed_at, changed_by FROM "config_proxy"."library_thing" WHERE kind = @0) AS list WHERE list."publisher" = @1
  ORDER BY "name_folded" DESC, "id" OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["application","x"]

INSERT INTO "config_proxy"."library_revision" ("id", "thing_id", "revision", "platforms", "size", "sha256", "deployed_version", "facts", "content_sealed", "note", "created_at", "created_by") VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11);
-- ["thing:1","thing",1,"mac ipad",1,"ab","cd","{\"type\":null,\"signed\":false,\"payloads\":[],\"warnings\":[]}","sealed","",1,"spec"]

SELECT thing_id, revision, platforms, size, sha256, deployed_version, facts, note, created_at, created_by FROM "config_proxy"."library_revision" WHERE id IN (@0);
-- ["thing:1"]

SELECT * FROM (SELECT thing_id, revision, platforms, size, sha256, deployed_version, facts, note, created_at, created_by FROM "config_proxy"."library_revision" WHERE thing_id = @0) AS page  ORDER BY "revision" DESC
  OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["thing"]

SELECT MAX(revision) AS revision FROM "config_proxy"."library_revision"
  WHERE thing_id = @0 AND deployed_version = @1 AND sha256 <> @2;
-- ["thing","cd","ab"]

SELECT content_sealed FROM "config_proxy"."library_revision" WHERE id = @0;
-- ["thing:1"]

INSERT INTO "config_proxy"."baseline_member" ("baseline_id", "revision", "position", "ci_id", "ci_revision", "ci_name", "ci_identifier") VALUES (@0, @1, @2, @3, NULL, @4, @5);
-- ["baseline",1,0,"a","A","a"]

SELECT revision, ci_id, ci_revision, ci_name, ci_identifier FROM "config_proxy"."baseline_member"
  WHERE baseline_id = @0 AND revision IN (@1, @2) ORDER BY revision, position;
-- ["baseline",1,2]

SELECT t.id, t.name,
  MAX(CASE WHEN m.revision = t.revision THEN 1 ELSE 0 END) AS in_latest,
  MAX(CASE WHEN m.ci_revision IS NULL THEN 1 ELSE 0 END) AS follows
  FROM "config_proxy"."baseline_member" m INNER JOIN "config_proxy"."library_thing" t ON t.id = m.baseline_id
  WHERE m.ci_id = @0 GROUP BY t.id, t.name ORDER BY t.id;
-- ["a"]

DELETE FROM "config_proxy"."baseline_member" WHERE baseline_id = @0;
-- ["thing"]

DELETE FROM "config_proxy"."library_revision" WHERE thing_id = @0;
-- ["thing"]

DELETE FROM "config_proxy"."library_thing" WHERE id = @0;
-- ["thing"]
