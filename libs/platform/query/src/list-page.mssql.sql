SELECT * FROM (SELECT * FROM "site"."software") AS list WHERE (list."product_name_folded" LIKE @0 AND list."size" IN (@1, @2))
  ORDER BY "product_name_folded" DESC, "row_id" OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- ["%50[%][_][[]x]%",1,2]

SELECT * FROM (SELECT * FROM "site"."software") AS list WHERE (list."product_name_folded" LIKE @0 AND list."size" IN (@1, @2)) AND "product_name_folded" = @3 AND "row_id" > @4
  ORDER BY "product_name_folded" DESC, "row_id" OFFSET 0 ROWS FETCH NEXT 6 ROWS ONLY;
-- ["%50[%][_][[]x]%",1,2,"b",1]

SELECT * FROM (SELECT * FROM "site"."software") AS list WHERE (list."product_name_folded" LIKE @0 AND list."size" IN (@1, @2)) AND "product_name_folded" < @3
  ORDER BY "product_name_folded" DESC, "row_id" OFFSET 0 ROWS FETCH NEXT 4 ROWS ONLY;
-- ["%50[%][_][[]x]%",1,2,"b"]

SELECT * FROM (SELECT * FROM "site"."software") AS list WHERE (list."product_name_folded" LIKE @0 AND list."size" IN (@1, @2)) AND "product_name_folded" IS NULL
  ORDER BY "product_name_folded" DESC, "row_id" OFFSET 0 ROWS FETCH NEXT 2 ROWS ONLY;
-- ["%50[%][_][[]x]%",1,2]
