import { portableMigration, t } from '@espalier/persistence';

/** Devices are told to compare what they have with a set that is the same as before. */
export const resyncOfDeclarations = portableMigration('2026-11-21-resync-of-declarations', {
  up: async (schema) => {
    // Of the DeclarationsToken, behind the set; null: they were given the set and not asked again since.
    await schema.addColumn('enrollment_declarations', 'sync_mark', t.text(16, { nullable: true }));
  },
  down: async (schema) => {
    await schema.dropColumn('enrollment_declarations', 'sync_mark');
  },
});
