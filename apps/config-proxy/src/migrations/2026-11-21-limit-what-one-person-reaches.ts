import { portableMigration, t } from '@espalier/persistence';

/** How many devices one person may reach within an hour before each further request needs a second one. */
export const limitWhatOnePersonReaches = portableMigration('2026-11-21-limit-what-one-person-reaches', {
  up: (schema) => schema.addColumn('approval_policy', 'alone_cap', t.integer({ nullable: true })),
  down: (schema) => schema.dropColumn('approval_policy', 'alone_cap'),
});
