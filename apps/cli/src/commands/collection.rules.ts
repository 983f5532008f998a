import type { Collection, CollectionDetail } from '@espalier/contracts';
import { findCollection, findDevice, findUser } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { readMembership, type MembershipOptions } from './collection.definition.js';

/** What `collections remove` can be told. */
export interface RemovalOptions extends Omit<MembershipOptions, 'query'> {
  readonly rule?: number;
}

interface Changed {
  readonly changed: number;
}

/** Adds rules to a collection; those that are there already stay as they are. */
export async function addRules(
  cli: Cli,
  { id, name }: Collection,
  options: MembershipOptions,
): Promise<void> {
  const { rules, direct } = await readMembership(cli, options);
  if (rules.length + direct.length === 0)
    throw usageError('Say what to add: --device, --user, --query, --include or --exclude.');
  // Exclusions first: nobody joins for the moment between two rules.
  for (const rule of [...rules].sort((a, b) => Number(b.kind === 'exclude') - Number(a.kind === 'exclude')))
    await cli.api.post(path`/api/v1/collections/${id}/rules`, rule);
  if (direct.length > 0)
    await cli.api.post<Changed>(path`/api/v1/collections/${id}/direct-rules`, { resourceIds: direct });
  cli.out.result({ collectionId: id, rules, directResourceIds: direct }, () =>
    cli.out.say(`${name} has them now; its members follow.`),
  );
}

/** Removes rules from a collection. */
export async function removeRules(
  cli: Cli,
  { id, name }: Collection,
  { device = [], user = [], include = [], exclude = [], rule }: RemovalOptions,
): Promise<void> {
  const { api, out } = cli;
  const references = await Promise.all([
    ...include.map(async (other) => ({
      kind: 'include',
      collectionId: (await findCollection(api, other)).id,
    })),
    ...exclude.map(async (other) => ({
      kind: 'exclude',
      collectionId: (await findCollection(api, other)).id,
    })),
  ]);
  const resourceIds = await Promise.all([
    ...device.map(async (other) => (await findDevice(api, other)).resourceId),
    ...user.map(async (other) => (await findUser(api, other)).resourceId),
  ]);
  const { rules } = await api.get<CollectionDetail>(path`/api/v1/collections/${id}`);
  const ruleIds = references.map(({ kind, collectionId }) => {
    const found = rules.find(
      (one) => one.kind !== 'query' && one.kind === kind && one.collectionId === collectionId,
    );
    if (found !== undefined) return found.ruleId;
    throw new CliError(
      `${name} has no rule to ${kind} ${collectionId}.`,
      exitCodes.notFound,
      `See its rules: espalier collections show ${id}`,
    );
  });
  const all = [...ruleIds, ...(rule === undefined ? [] : [rule])];
  if (all.length + resourceIds.length === 0)
    throw usageError('Say what to remove: --device, --user, --include, --exclude or --rule.');
  for (const ruleId of all) await api.delete(path`/api/v1/collections/${id}/rules/${ruleId}`);
  if (resourceIds.length > 0)
    await api.post<Changed>(path`/api/v1/collections/${id}/direct-rules/remove`, { resourceIds });
  out.result({ collectionId: id, removedRules: all, removedResourceIds: resourceIds }, () =>
    out.say(`They are gone from ${name}; its members follow.`),
  );
}
