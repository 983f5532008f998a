import type {
  CollectionDetail,
  CollectionKind,
  CollectionPreview,
  CollectionRefresh,
  CollectionSchedule,
  NewCollectionRule,
} from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { collect } from '../api/list.js';
import { findCollection, findDevice, findUser } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { several } from '../options.js';
import { printable, truncate } from '../terminal/printable.js';

/** Who is a member. */
export interface MembershipOptions {
  readonly device?: readonly string[];
  readonly user?: readonly string[];
  readonly query?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Everything that a collection is made of. */
export interface DefinitionOptions extends MembershipOptions {
  readonly of?: CollectionKind;
  readonly limiting?: string;
  readonly comment?: string;
  readonly refresh?: CollectionRefresh;
  readonly every?: string;
}

const ALL_OF = { device: 'SMS00001', user: 'SMS00002' } as const;
const LONGEST_RULE_NAME = 60;

export function addMembershipOptions(command: Command): Command {
  return command
    .option('-d, --device <device>', 'a direct rule for it; several times', several)
    .option('-u, --user <user>', 'a direct rule, in a collection of users; several times', several)
    .option('-q, --query <wql>', 'a query rule; several times', several)
    .option('-i, --include <collection>', 'its members too; several times', several)
    .option('-x, --exclude <collection>', 'without its members; several times', several);
}

export function addDefinitionOptions(command: Command): Command {
  return command
    .addOption(new Option('--of <kind>', 'of devices or of users').choices(['device', 'user']))
    .option('-l, --limiting <collection>', 'members must be in it (default: all devices, or all users)')
    .option('--comment <text>', 'for people')
    .addOption(
      new Option('--refresh <how>', 'when members are evaluated').choices([
        'manual',
        'periodic',
        'incremental',
        'both',
      ]),
    )
    .option(
      '--every <time>',
      'with refresh periodic or both: 15m to 744h, or a time of day in UTC such as 23:30',
    );
}

/** The rules that options ask for, with ids instead of names. @throws CliError */
export async function readMembership(
  cli: Cli,
  { device = [], user = [], query = [], include = [], exclude = [] }: MembershipOptions,
): Promise<{ readonly rules: NewCollectionRule[]; readonly direct: number[] }> {
  const { api } = cli;
  const found = await Promise.all([
    ...device.map(async (name) => (await findDevice(api, name)).resourceId),
    ...user.map(async (name) => (await findUser(api, name)).resourceId),
  ]);
  const references = await Promise.all([
    ...include.map((name) => referenceTo(cli, 'include', name)),
    ...exclude.map((name) => referenceTo(cli, 'exclude', name)),
  ]);
  const queries = query.map((text): NewCollectionRule => ({
    kind: 'query',
    name: ruleName(text),
    query: text,
  }));
  const rules = [...queries, ...references];
  return { rules, direct: [...new Set(found)] };
}

/** Rules of queries have names, which explanations tell: what a query asks for says most. */
function ruleName(query: string): string {
  const [, condition = query] = /\bwhere\b\s*(.+)/is.exec(query) ?? [];
  return truncate(printable(condition.replaceAll(/\s+/g, ' ').trim()), LONGEST_RULE_NAME);
}

async function referenceTo(
  { api }: Cli,
  kind: 'include' | 'exclude',
  name: string,
): Promise<NewCollectionRule> {
  return { kind, collectionId: (await findCollection(api, name)).id };
}

/** Makes a collection. */
export async function createCollection(cli: Cli, name: string, options: DefinitionOptions): Promise<void> {
  const made = await cli.api.post<CollectionDetail>(
    '/api/v1/collections',
    await newDefinition(cli, name, options),
  );
  cli.out.result(made, () => {
    cli.out.say(`${made.name} is ${made.id}.`);
    for (const hint of made.hints) cli.out.note(hint);
    if (made.status !== 'ready')
      cli.out.note(`Its members are being evaluated: espalier collections show ${made.id}`);
  });
}

/** Says who would join and leave. */
export async function previewCollection(
  cli: Cli,
  name: string | undefined,
  options: DefinitionOptions,
): Promise<void> {
  const body =
    name === undefined
      ? { definition: await newDefinition(cli, 'Preview', options) }
      : await changedDefinition(cli, name, options);
  const preview = await cli.api.post<CollectionPreview>('/api/v1/collections/preview', body);
  const { out } = cli;
  out.result(preview, () => {
    for (const [what, { count, first }] of [
      ['would join', preview.joins],
      ['would leave', preview.leaves],
    ] as const) {
      out.line(out.style('bold', `${count} ${what}`));
      for (const { resourceId, name: member } of first) out.say(`  ${resourceId}  ${member}`);
      if (count > first.length) out.line(`  … and ${count - first.length} more`);
    }
    if (!preview.isComplete) out.note(`Time ran out after ${preview.evaluated}: the counts are of those.`);
    for (const hint of preview.hints) out.note(hint);
  });
}

async function newDefinition(
  cli: Cli,
  name: string,
  options: DefinitionOptions,
): Promise<Record<string, unknown>> {
  const kind = options.of ?? ((options.user ?? []).length > 0 ? 'user' : 'device');
  const { rules, direct } = await readMembership(cli, options);
  return {
    kind,
    name,
    limitingId:
      options.limiting === undefined ? ALL_OF[kind] : (await findCollection(cli.api, options.limiting)).id,
    ...settings(options),
    rules,
    directResourceIds: direct,
  };
}

/** A collection as it would be with these options and rules too. */
async function changedDefinition(
  cli: Cli,
  name: string,
  options: DefinitionOptions,
): Promise<Record<string, unknown>> {
  const { id } = await findCollection(cli.api, name);
  const [now, { rules, direct }] = await Promise.all([
    cli.api.get<CollectionDetail>(path`/api/v1/collections/${id}`),
    readMembership(cli, options),
  ]);
  const stored =
    direct.length === 0
      ? []
      : await collect<{ resourceId: number }>(cli.api, path`/api/v1/collections/${id}/direct-rules`);
  const limiting =
    options.limiting === undefined ? now.limitingId : (await findCollection(cli.api, options.limiting)).id;
  return {
    collectionId: id,
    definition: {
      kind: now.kind,
      name: now.name,
      comment: now.comment,
      limitingId: limiting ?? id,
      refresh: now.refresh,
      schedule: now.schedule,
      ...settings(options),
      rules: [...now.rules.map(asGiven), ...rules],
      ...(direct.length > 0 && {
        directResourceIds: [...new Set([...stored.map(({ resourceId }) => resourceId), ...direct])],
      }),
    },
  };
}

function asGiven(rule: CollectionDetail['rules'][number]): NewCollectionRule {
  return rule.kind === 'query'
    ? { kind: rule.kind, name: rule.name, query: rule.query }
    : { kind: rule.kind, collectionId: rule.collectionId };
}

function settings({ comment, refresh, every }: DefinitionOptions): Record<string, unknown> {
  return {
    ...(comment !== undefined && { comment }),
    ...(refresh !== undefined && { refresh }),
    ...(every !== undefined && { schedule: readSchedule(every), refresh: refresh ?? 'both' }),
  };
}

function readSchedule(text: string): CollectionSchedule {
  const interval = /^(\d{1,5})(m|h|d)$/.exec(text);
  if (interval !== null) {
    const minutes = { m: 1, h: 60, d: 1_440 }[interval[2] as 'm' | 'h' | 'd'];
    return { kind: 'interval', minutes: Number(interval[1]) * minutes };
  }
  if (/^\d\d:\d\d$/.test(text)) return { kind: 'daily', at: text };
  throw usageError(`--every is neither a time span such as 6h nor a time of day such as 23:30: ${text}`);
}
