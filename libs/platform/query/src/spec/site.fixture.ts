import {
  comparedText,
  type ClassModel,
  type PlainRow,
  type PropertyModel,
  type PropertyType,
  type QueryModel,
} from '@espalier/conditions';
import {
  insertRows,
  portableMigration,
  t,
  type ColumnSpec,
  type Database,
  type Row,
} from '@espalier/persistence';
import type { Random } from './random.fixture.js';

const property = (name: string, type: PropertyType, column: string): PropertyModel => ({
  name,
  type,
  column,
  ...(type === 'text' && { foldedColumn: `${column}_folded` }),
});

const resource: ClassModel = {
  name: 'SMS_R_System',
  table: 'resource',
  keyColumn: 'resource_id',
  single: true,
  properties: [
    property('ResourceId', 'integer', 'resource_id'),
    property('Name', 'text', 'name'),
    property('OSVersion', 'text', 'os_version'),
    property('ClientType', 'integer', 'client_type'),
    property('Active', 'flag', 'active'),
    property('LastLogonTimestamp', 'time', 'last_logon_at'),
    property('CreationDate', 'time', 'created_at'),
  ],
};

const computer: ClassModel = {
  name: 'SMS_G_System_COMPUTER_SYSTEM',
  table: 'computer',
  keyColumn: 'resource_id',
  single: true,
  properties: [
    property('Manufacturer', 'text', 'manufacturer'),
    property('Model', 'text', 'model'),
    property('Memory', 'integer', 'memory'),
    property('TimeStamp', 'time', 'seen_at'),
  ],
};

const software: ClassModel = {
  name: 'SMS_G_System_INSTALLED_SOFTWARE',
  table: 'software',
  keyColumn: 'resource_id',
  single: false,
  properties: [
    property('ProductName', 'text', 'product_name'),
    property('Size', 'integer', 'size'),
    property('InstallDate', 'time', 'installed_at'),
    property('Removed', 'flag', 'removed'),
  ],
};

const adapter: ClassModel = {
  name: 'SMS_G_System_NETWORK_ADAPTER',
  table: 'adapter',
  keyColumn: 'resource_id',
  single: false,
  properties: [
    property('Description', 'text', 'description'),
    // Compared exactly.
    { name: 'MACAddress', type: 'text', column: 'mac_address' },
    property('Speed', 'integer', 'speed'),
  ],
};

/** One class with the resources, one with a row of each at most, two with several. */
export const siteModel: QueryModel = {
  root: resource.name,
  classes: [resource, computer, software, adapter],
};

/** What adapters and software have is also shown as arrays of the class that `of` names. */
const elementsOf = (of: string, rows: ClassModel, shown: Readonly<Record<string, string>>): ClassModel => ({
  ...rows,
  name: `${rows.name} of ${of}`,
  changesWith: [rows.name],
  properties: rows.properties.flatMap((item) => {
    const name = shown[item.name];
    return name === undefined ? [] : [{ ...item, name }];
  }),
});

const nothing = (name: string, type: PropertyType): PropertyModel => ({
  name,
  type,
  column: 'none',
  // As those that it is compared with.
  ...(type === 'text' && { foldedColumn: 'none' }),
  isNothing: true,
});

/** Arrays of a class whose resources have one row, at most one and several, and names that hold nothing. */
const withArrays = (model: ClassModel): ClassModel => {
  switch (model) {
    case resource:
      return {
        ...resource,
        properties: [
          ...resource.properties,
          nothing('SystemOUName', 'text'),
          nothing('WipeStatus', 'integer'),
          nothing('ExpiryTime', 'time'),
        ],
        arrays: [
          elementsOf('system', adapter, { MACAddress: 'MACAddresses', Speed: 'Speeds' }),
          elementsOf('system', software, {
            ProductName: 'AgentName',
            InstallDate: 'AgentTime',
            Removed: 'AgentGone',
          }),
        ],
      };
    case computer:
      return { ...computer, arrays: [elementsOf('computer', adapter, { Description: 'Descriptions' })] };
    case software:
      return { ...software, arrays: [elementsOf('software', software, { Size: 'Sizes' })] };
    default:
      return model;
  }
};

/** The site as rules ask about it: with arrays. */
export const ruleModel: QueryModel = { root: resource.name, classes: siteModel.classes.map(withArrays) };

/** The rows as rules find them: those of arrays too. */
export const ruleRows = (rows: SiteRows): SiteRows =>
  new Map([
    ...rows,
    ...ruleModel.classes
      .flatMap(({ arrays = [] }) => arrays)
      .map(({ name, table }): [string, readonly PlainRow[]] => [
        name,
        rows.get(siteModel.classes.find((model) => model.table === table)?.name ?? '') ?? [],
      ]),
  ]);

const columnSpecs: Readonly<Record<PropertyType, ColumnSpec>> = {
  text: t.text(200, { nullable: true }),
  integer: t.integer({ nullable: true }),
  time: t.time({ nullable: true }),
  flag: t.flag({ nullable: true }),
};

/** A table for a class, with a number of its own for each row. */
export const siteMigration = portableMigration('2026-11-21-site', {
  up: async (schema) => {
    for (const { table, keyColumn, properties } of siteModel.classes) {
      const columns = properties
        .filter(({ column }) => column !== keyColumn)
        .flatMap(({ column, type, foldedColumn }) =>
          [column, foldedColumn].flatMap((name) => (name === undefined ? [] : [[name, columnSpecs[type]]])),
        );
      await schema.createTable(table, {
        columns: { row_id: t.integer(), [keyColumn]: t.integer(), ...Object.fromEntries(columns) },
        primaryKey: ['row_id'],
        indexes: [{ columns: [keyColumn] }],
      });
    }
  },
  down: async (schema) => {
    for (const { table } of siteModel.classes) await schema.dropTable(table);
  },
});

/** 21 November 2026, half past nine. */
export const NOW = Date.UTC(2026, 10, 21, 9, 30);
const DAY = 86_400_000;

/** What a comparison can stumble over. */
const LETTERS = [
  'a',
  'A',
  'b',
  'B',
  'z',
  'ä',
  'Ä',
  'ß',
  'e\u0301',
  '%',
  '_',
  '[',
  ']',
  '^',
  '-',
  '*',
  '?',
  '\\',
  ' ',
  "'",
  '"',
  '5',
  '.',
  '😀',
  '\ue000',
];

const RANGES = ['a-f', 'A-Z', '!-~', '0-9', '--/', '+--', '^-a', '[-a', '-', '^', 'ä-ü'];

/**
 * What compares alike under every collation: SQL Server leaves trailing spaces out and takes what lies beyond 16 bits
 * for two characters, and its stand-in Babelfish has one collation only, which ignores case.
 */
const PLAIN = {
  letters: ['a', 'b', 'z', '5'],
  ranges: ['a-f', '0-9'],
  words: ['macbook pro', 'macbook', 'imac'],
};
const FULL = { letters: LETTERS, ranges: RANGES, words: ['MacBook Pro', 'macbook', 'Äpfel'] };

export const FIRST_ID = 16_777_219;

/** Values that rows hold and queries ask for: few, so that they meet. */
export class SiteValues {
  private readonly alphabet: typeof PLAIN;
  readonly words: readonly string[];
  readonly times: readonly number[];

  constructor(
    readonly random: Random,
    readonly isPlain = false,
  ) {
    this.alphabet = isPlain ? PLAIN : FULL;
    const word = (): string => random.times(random.integer(5), () => this.letter()).join('');
    this.words = [...random.times(10, word), ...this.alphabet.words];
    this.times = random.times(8, () => {
      const days = random.pick([0, 1, 7, 30, 365, 25_000]) * DAY;
      const rest = random.pick([0, 0, 1, -1, 3_600_000, random.integer(DAY)]);
      return Math.floor((NOW - days) / DAY) * DAY + rest;
    });
  }

  value(type: PropertyType): string | number {
    const { random } = this;
    switch (type) {
      case 'text':
        return random.pick(this.words);
      case 'integer':
        return random.pick([0, 1, 2, -1, 5, 2_147_483_647, FIRST_ID, FIRST_ID + 1]);
      case 'time':
        return random.pick(this.times);
      case 'flag':
        return random.integer(2);
    }
  }

  letter(): string {
    return this.random.pick(this.alphabet.letters);
  }

  /** Characters of a set. */
  range(): string {
    return this.random.pick(this.alphabet.ranges);
  }

  /** As a query may spell it, where case does not count. */
  text(): string {
    const text = String(this.value('text'));
    return !this.isPlain && this.random.chance(0.3) ? text.toUpperCase() : text;
  }
}

export type SiteRows = ReadonlyMap<string, readonly PlainRow[]>;

/** Rows of a small site: resources with none, one or several rows of each class, some values missing. */
export function generateRows(values: SiteValues, resources = 8): SiteRows {
  const { random } = values;
  const rowOf = (model: ClassModel, id: number): PlainRow =>
    Object.fromEntries([
      ...model.properties.map(({ column, type }) => [
        column,
        random.chance(0.15) ? null : values.value(type),
      ]),
      [model.keyColumn, id],
    ]) as PlainRow;
  const rows = siteModel.classes.map((model): [string, PlainRow[]] => [
    model.name,
    random
      .times(resources, (index) => {
        const single = model === resource ? 1 : random.integer(2);
        return random.times(model.single ? single : random.integer(4), () => rowOf(model, FIRST_ID + index));
      })
      .flat(),
  ]);
  return new Map(rows);
}

/** Stores the rows, with the folded form of each text. */
export async function storeRows(db: Database, rows: SiteRows): Promise<void> {
  for (const { name, table, properties } of siteModel.classes) {
    const stored = (rows.get(name) ?? []).map((row, index): Row => {
      const folded = properties.flatMap((model) => {
        const value = row[model.column];
        if (model.foldedColumn === undefined) return [];
        return [[model.foldedColumn, typeof value === 'string' ? comparedText(model, value) : null]];
      });
      return { row_id: index, ...row, ...Object.fromEntries(folded) } as Row;
    });
    if (stored.length > 0) await insertRows(db, table, stored);
  }
}

/** Everything that is stored. */
export async function dump(db: Database): Promise<string> {
  const tables = [];
  for (const { table } of siteModel.classes) {
    tables.push(await db.query(`SELECT * FROM {${table}} ORDER BY row_id`));
  }
  return JSON.stringify(tables);
}

const listModels = new Map<ClassModel, ClassModel>();

/** A class as a list: with the number of the row, which is unique. */
export function listModel(model: ClassModel): ClassModel {
  let list = listModels.get(model);
  if (list === undefined) {
    list = { ...model, properties: [property('RowId', 'integer', 'row_id'), ...model.properties] };
    listModels.set(model, list);
  }
  return list;
}
