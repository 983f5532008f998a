import type { Collection, CollectionDetail, CollectionMember, DirectRule, Job } from '@espalier/contracts';
import type { Command } from 'commander';
import { collect, showList } from '../api/list.js';
import { findCollection } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, several, wholeNumber, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import {
  addDefinitionOptions,
  addMembershipOptions,
  createCollection,
  previewCollection,
  type DefinitionOptions,
} from './collection.definition.js';
import { addRules, removeRules, type RemovalOptions } from './collection.rules.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import { addWaitOption, finishJob, type WaitOptions } from './job.watch.js';

/** `espalier collections`. */
export function collections(command: Command, cli: Cli): void {
  const collection = (name: string): Promise<Collection> => findCollection(cli.api, name);

  addListOptions(
    subcommand(command, 'list', {
      summary: 'list collections',
      example: `espalier collections list --filter "kind eq 'device' and memberCount gt 0"`,
    }),
    "kind eq 'device' and memberCount gt 0",
  ).action((options: ListOptions) =>
    showList<Collection>(
      cli,
      {
        path: '/api/v1/collections',
        columns: [
          whole('ID', ({ id }) => id),
          text('NAME', ({ name }) => name),
          whole('OF', ({ kind }) => `${kind}s`),
          number('MEMBERS', ({ memberCount }) => memberCount),
          minor(text('LIMITED TO', ({ limitingName }) => limitingName)),
          minor(whole('REFRESH', ({ refresh }) => refresh)),
          whole('STATUS', ({ status }) => status),
          minor(whole('CHANGED', ({ lastMemberChangeAt }) => showTime(lastMemberChangeAt))),
        ],
        nothing: 'No collection fits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <collection>', {
    summary: 'see a collection with its rules',
    description: 'See a collection with its rules. A collection is named by its id or its exact name.',
    example: 'espalier collections show "All Macs"',
  }).action(async (name: string) => show(cli, await collection(name)));

  addListOptions(
    subcommand(command, 'members <collection>', {
      summary: 'list the members of a collection',
      example: 'espalier collections members "All Macs"',
    }),
    "contains(name,'lab')",
  ).action(async (name: string, options: ListOptions) =>
    memberList(cli, (await collection(name)).id, options),
  );

  addDefinitionOptions(
    addMembershipOptions(
      subcommand(command, 'create <name>', {
        summary: 'make a collection',
        description:
          'Make a collection. Members are whom direct, query or include rules give, without those whom an exclude rule gives, as far as they are in the limiting collection.',
        example: `espalier collections create "Lab Macs" --limiting "All Macs" --query "select * from SMS_R_System where Name like 'lab-%'"`,
        examples: ['espalier collections create "Pilot" --device mac-042 --device mac-043'],
      }),
    ),
  ).action((name: string, options: DefinitionOptions) => createCollection(cli, name, options));

  addDefinitionOptions(
    addMembershipOptions(
      subcommand(command, 'preview [collection]', {
        summary: 'see who would join and leave; nothing is changed',
        description:
          'See who would join and leave; nothing is changed. With a collection: if it had these rules too. Without one: of a new collection.',
        example: `espalier collections preview "Lab Macs" --query "select * from SMS_R_System where Name like 'room7-%'"`,
      }),
    ),
  ).action((name: string | undefined, options: DefinitionOptions) => previewCollection(cli, name, options));

  addWaitOption(
    subcommand(command, 'evaluate [collection]', {
      summary: 'evaluate all members of a collection, or of all collections',
      example: 'espalier collections evaluate "All Macs" --wait',
    }),
  ).action(async (name: string | undefined, options: WaitOptions) => {
    const at =
      name === undefined
        ? '/api/v1/collections/evaluate'
        : path`/api/v1/collections/${(await collection(name)).id}/evaluate`;
    await finishJob(cli, await cli.api.post<Job>(at), options);
  });

  addMembershipOptions(
    subcommand(command, 'add <collection>', {
      summary: 'add rules: direct members, queries, other collections',
      example: 'espalier collections add Pilot --device mac-044',
    }),
  ).action(async (name: string, options: DefinitionOptions) =>
    addRules(cli, await collection(name), options),
  );

  subcommand(command, 'remove <collection>', {
    summary: 'remove rules',
    example: 'espalier collections remove Pilot --device mac-044',
  })
    .option('-d, --device <device>', 'its direct rule; several times', several)
    .option('-u, --user <user>', 'its direct rule; several times', several)
    .option('-i, --include <collection>', 'the rule that includes it; several times', several)
    .option('-x, --exclude <collection>', 'the rule that excludes it; several times', several)
    .option(
      '-r, --rule <id>',
      'a query, include or exclude rule, as show numbers them',
      wholeNumber(1, 2_147_483_647),
    )
    .action(async (name: string, options: RemovalOptions) =>
      removeRules(cli, await collection(name), options),
    );

  subcommand(command, 'delete <collection>', {
    summary: 'delete a collection',
    description:
      'Delete a collection. Refused while something is deployed to it or another collection refers to it.',
    example: 'espalier collections delete Pilot',
  }).action(async (name: string) => {
    const { id, name: called, memberCount } = await collection(name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/collections/${id}`,
      id,
      question: `Delete the collection ${called} (${id}), which has ${memberCount} members?`,
      done: `${called} is deleted.`,
    });
  });
}

/** Shows the members of a collection. */
export function memberList(cli: Cli, id: string, options: ListOptions): Promise<void> {
  return showList<CollectionMember>(
    cli,
    {
      path: path`/api/v1/collections/${id}/members`,
      columns: [
        number('ID', ({ resourceId }) => resourceId),
        text('NAME', ({ name }) => name),
        whole('DIRECT', ({ isDirect }) => isDirect),
        whole('SINCE', ({ joinedAt }) => showTime(joinedAt)),
      ],
      nothing: 'It has no members.',
    },
    options,
  );
}

const SHOWN_DIRECT_RULES = 100;

async function show({ api, out }: Cli, { id }: Collection): Promise<void> {
  const [detail, direct] = await Promise.all([
    api.get<CollectionDetail>(path`/api/v1/collections/${id}`),
    collect<DirectRule>(api, path`/api/v1/collections/${id}/direct-rules`, {}, SHOWN_DIRECT_RULES),
  ]);
  out.result({ ...detail, directRules: direct }, () => {
    out.record([
      ['Name', detail.name],
      ['Id', detail.id],
      ['Comment', detail.comment],
      ['Of', `${detail.kind}s`],
      ['Limited to', detail.limitingName],
      ['Members', detail.memberCount],
      ['Refresh', [detail.refresh, detail.schedule?.kind].filter(Boolean).join(', ')],
      ['Status', detail.status],
      ['Maintenance windows', detail.windowCount],
      ['Last evaluated', showTime(detail.lastEvaluatedAt)],
      ['Made', `${showTime(detail.createdAt) ?? ''} by ${detail.createdBy}`],
      ['Changed', `${showTime(detail.changedAt) ?? ''} by ${detail.changedBy}`],
    ]);
    if (detail.rules.length > 0) {
      out.heading('Rules');
      for (const rule of detail.rules)
        out.say(
          `  ${rule.ruleId}  ${rule.kind.padEnd(7)}  ${rule.kind === 'query' ? `${rule.name}: ${rule.query}` : `${rule.collectionName} (${rule.collectionId})`}`,
        );
    }
    if (direct.length > 0) {
      out.heading('Direct rules');
      const more = direct.length === SHOWN_DIRECT_RULES ? ' …' : '';
      out.line(`  ${direct.map(({ resourceId }) => resourceId).join(' ')}${more}`);
    }
    for (const hint of detail.hints) out.note(hint);
  });
}
