import type { ClassModel, PropertyModel } from '@espalier/conditions';
import type { LibraryKind } from '@espalier/contracts';

const text = (name: string, column: string): PropertyModel => ({ name, type: 'text', column });
const number = (name: string, column: string): PropertyModel => ({ name, type: 'integer', column });
const time = (name: string, column: string): PropertyModel => ({ name, type: 'time', column });

const common: readonly PropertyModel[] = [
  text('id', 'id'),
  number('number', 'number'),
  { name: 'name', type: 'text', column: 'name', foldedColumn: 'name_folded' },
  number('revision', 'revision'),
  number('version', 'version'),
  time('createdAt', 'created_at'),
  text('createdBy', 'created_by'),
  time('changedAt', 'changed_at'),
  text('changedBy', 'changed_by'),
];
const software: readonly PropertyModel[] = [
  text('publisher', 'publisher'),
  text('softwareVersion', 'software_version'),
  text('platforms', 'platforms'),
];
const own: Readonly<Record<LibraryKind, readonly PropertyModel[]>> = {
  'configuration-item': [
    text('kind', 'made_of'),
    text('identifier', 'identifier'),
    text('scope', 'scope'),
    text('platforms', 'platforms'),
  ],
  baseline: [number('memberCount', 'member_count')],
  application: software,
  package: software,
};

/** What lists of the library can be filtered and ordered by, spelt as in the API. */
export const thingModel = (kind: LibraryKind): ClassModel => ({
  name: kind,
  table: 'library_thing',
  keyColumn: 'id',
  single: true,
  properties: [...common, ...own[kind]],
});
