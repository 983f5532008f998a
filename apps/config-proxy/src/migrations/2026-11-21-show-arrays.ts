import { portableMigration } from '@espalier/persistence';

/** What discovered devices and where they are clients: rows that queries ask for as arrays of SMS_R_System. */
export const showArrays = portableMigration('2026-11-21-show-arrays', {
  up: async (schema) => {
    const agent = (name: string, tellsOfEnrollment: 0 | 1): string =>
      `SELECT '${name}' AS agent_name, '${name.toLowerCase()}' AS agent_name_folded, ${tellsOfEnrollment} AS by_enrollment`;
    // A union of two selects over all devices would be read whole for the sake of one device: PostgreSQL does not
    // look into its parts by key.
    await schema.createView(
      'r_system_agent',
      `SELECT r.resource_id, a.agent_name, a.agent_name_folded, r.site_code, r.site_code_folded,
         CASE WHEN a.by_enrollment = 1 THEN r.enrolled_at ELSE i.reported_at END AS agent_time
       FROM {resource} AS r
       LEFT JOIN {inventory_report} AS i ON i.resource_id = r.resource_id AND i.source = 'device'
       CROSS JOIN (${agent('MDM enrollment', 1)} UNION ALL ${agent('MDM device information', 0)}) AS a
       WHERE r.kind = 'device' AND ((a.by_enrollment = 1 AND r.enrolled_at IS NOT NULL)
         OR (a.by_enrollment = 0 AND i.reported_at IS NOT NULL))`,
    );
    await schema.createView(
      'r_system_installed_site',
      `SELECT resource_id, site_code, site_code_folded FROM {resource}
       WHERE kind = 'device' AND is_client = 1`,
    );
  },
  down: async (schema) => {
    for (const view of ['r_system_installed_site', 'r_system_agent']) await schema.dropView(view);
  },
});
