-- 2026-11-21-show-arrays
CREATE VIEW "config_proxy"."r_system_agent" AS SELECT r.resource_id, a.agent_name, a.agent_name_folded, r.site_code, r.site_code_folded,
         CASE WHEN a.by_enrollment = 1 THEN r.enrolled_at ELSE i.reported_at END AS agent_time
       FROM "config_proxy"."resource" AS r
       LEFT JOIN "config_proxy"."inventory_report" AS i ON i.resource_id = r.resource_id AND i.source = 'device'
       CROSS JOIN (SELECT 'MDM enrollment' AS agent_name, 'mdm enrollment' AS agent_name_folded, 1 AS by_enrollment UNION ALL SELECT 'MDM device information' AS agent_name, 'mdm device information' AS agent_name_folded, 0 AS by_enrollment) AS a
       WHERE r.kind = 'device' AND ((a.by_enrollment = 1 AND r.enrolled_at IS NOT NULL)
         OR (a.by_enrollment = 0 AND i.reported_at IS NOT NULL));
CREATE VIEW "config_proxy"."r_system_installed_site" AS SELECT resource_id, site_code, site_code_folded FROM "config_proxy"."resource"
       WHERE kind = 'device' AND is_client = 1;

-- and back
-- 2026-11-21-show-arrays
DROP VIEW "config_proxy"."r_system_installed_site";
DROP VIEW "config_proxy"."r_system_agent";
