SELECT qt1."resource_id" AS resource_id FROM "site"."resource" AS qt1 WHERE qt1."resource_id" BETWEEN @0 AND @1;
-- [1,9]

SELECT qt1."resource_id" AS resource_id FROM "site"."resource" AS qt1 WHERE qt1."resource_id" BETWEEN @0 AND @1 AND qt1."name_folded" IS NOT NULL AND EXISTS (SELECT 1 FROM "site"."software" AS qt2 WHERE qt2."resource_id" = qt1."resource_id" AND qt2."resource_id" BETWEEN @0 AND @1 AND qt2."product_name_folded" LIKE @2 AND qt2."size" <> @3);
-- [1,9,"50[%]%[^-a-f_]",1]

SELECT DISTINCT qt1."resource_id" AS resource_id FROM "site"."resource" AS qt1 LEFT JOIN "site"."software" AS qt2 ON qt2."resource_id" = qt1."resource_id" AND qt2."resource_id" BETWEEN @0 AND @1 WHERE qt1."resource_id" BETWEEN @0 AND @1 AND qt2."resource_id" IS NULL AND (qt1."resource_id" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "site"."software" AS qt3 WHERE qt3."resource_id" BETWEEN @0 AND @1 AND qt3."resource_id" = qt1."resource_id" AND qt3."removed" = @2));
-- [1,9,0]

SELECT qt1."resource_id" AS resource_id FROM "site"."resource" AS qt1 WHERE qt1."resource_id" BETWEEN @0 AND @1 AND (((qt1."last_logon_at" + 345600000) - (((qt1."last_logon_at" + 345600000) % 604800000) + 604800000) % 604800000) / 604800000) - (((qt1."created_at" + 345600000) - (((qt1."created_at" + 345600000) % 604800000) + 604800000) % 604800000) / 604800000) = @2 AND qt1."last_logon_at" > @3;
-- [1,9,1,1794648600000]

SELECT DISTINCT qt1."resource_id" AS resource_id FROM "site"."resource" AS qt1 LEFT JOIN "site"."software" AS qt3 ON qt3."resource_id" = qt1."resource_id" AND qt3."resource_id" BETWEEN @0 AND @1 WHERE qt1."resource_id" BETWEEN @0 AND @1 AND (qt3."product_name_folded" IS NULL OR qt3."installed_at" < @2) AND EXISTS (SELECT 1 FROM "site"."adapter" AS qt2 WHERE qt2."resource_id" = qt1."resource_id" AND qt2."resource_id" BETWEEN @0 AND @1 AND qt2."mac_address" NOT LIKE @3);
-- [1,9,1795253400000,"02:%"]

SELECT qt1."resource_id" AS resource_id FROM "site"."resource" AS qt1 WHERE qt1."resource_id" BETWEEN @0 AND @1 AND (NULLIF('', '') LIKE @2 OR NULLIF(0, 0) IS NULL OR ((qt1."created_at" - ((qt1."created_at" % 86400000) + 86400000) % 86400000) / 86400000) - ((NULLIF(0, 0) - ((NULLIF(0, 0) % 86400000) + 86400000) % 86400000) / 86400000) = @3);
-- [1,9,"a%",1]
