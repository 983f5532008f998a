SELECT h.sequence, h.hash, h.checkpoint_sequence, h.checkpoint_at, h.seal
  FROM "config_proxy"."audit_head" h WITH (UPDLOCK) WHERE h.id = 1 ;
-- []

UPDATE "config_proxy"."audit_head" SET sequence = @0, hash = @1, checkpoint_sequence = @2,
  checkpoint_at = @3, seal = @4 WHERE id = 1;
-- [2,"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",1,5,"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]

INSERT INTO "config_proxy"."audit_record" ("sequence", "at", "action", "outcome", "actor_type", "actor_id", "actor_name", "actor_ip", "actor_auth", "credential_id", "address", "request_id", "approval_id", "error_code", "targets", "details", "prev_hash", "hash") VALUES (@0, @1, @2, @3, NULL, NULL, NULL, NULL, NULL, NULL, @4, @5, NULL, NULL, @6, @7, @8, @9);
-- [2,5,"deleteDevice","begun","192.0.2.7","r","[{\"id\":\"16777219\",\"name\":null,\"type\":\"device\"}]","{}","0000000000000000000000000000000000000000000000000000000000000000","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]

INSERT INTO "config_proxy"."audit_target" ("type", "target_id", "sequence") VALUES (@0, @1, @2);
-- ["device","16777219",2]

SELECT * FROM (SELECT r.sequence, r.at, r.action, r.outcome, r.actor_type, r.actor_id, r.actor_name, r.actor_ip,
  r.actor_auth, r.credential_id, r.address, r.request_id, r.approval_id, r.error_code, r.targets, r.details,
  r.prev_hash, r.hash FROM "config_proxy"."audit_record" r JOIN "config_proxy"."audit_target" t ON t.sequence = r.sequence AND t.type = @0 AND t.target_id = @1 WHERE r.actor_id = @2) AS list WHERE list."at" > @3
  ORDER BY "sequence" DESC OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- ["device","1","jane",5]

SELECT r.sequence, r.at, r.action, r.outcome, r.actor_type, r.actor_id, r.actor_name, r.actor_ip,
  r.actor_auth, r.credential_id, r.address, r.request_id, r.approval_id, r.error_code, r.targets, r.details,
  r.prev_hash, r.hash FROM "config_proxy"."audit_record" r WHERE r.sequence >= @0 AND r.sequence <= @1
  ORDER BY r.sequence OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY;
-- [1,9]

SELECT MIN(sequence) AS sequence FROM "config_proxy"."audit_record";
-- []

SELECT MAX(sequence) AS sequence FROM "config_proxy"."audit_record";
-- []

DELETE FROM "config_proxy"."audit_target" WHERE sequence <= @0;
-- [1]

DELETE FROM "config_proxy"."audit_record" WHERE sequence <= @0;
-- [1]

INSERT INTO "config_proxy"."audit_checkpoint" ("sequence", "hash", "at", "previous", "key_id", "signature") VALUES (@0, @1, @2, @3, @4, @5);
-- [2,"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",5,1,"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","signature"]

SELECT sequence, hash, at, previous, key_id, signature FROM "config_proxy"."audit_checkpoint" WHERE sequence >= @0 AND sequence <= @1
  ORDER BY sequence OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY;
-- [1,9]

SELECT * FROM (SELECT sequence, hash, at, previous, key_id, signature FROM "config_proxy"."audit_checkpoint") AS page  ORDER BY "sequence" DESC
  OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY;
-- []

SELECT MAX(CASE WHEN sequence < @0 THEN sequence END) AS newest, MIN(sequence) AS next
  FROM "config_proxy"."audit_checkpoint" WHERE sequence >= @1 AND at < @2;
-- [101,1,5]

SELECT id, created_at, private_key FROM "config_proxy"."audit_key" ORDER BY created_at, id;
-- []
