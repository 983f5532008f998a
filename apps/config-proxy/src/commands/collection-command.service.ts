import { randomUUID } from 'node:crypto';
import {
  collectionErrors,
  commandInputSchema,
  configProxyErrors,
  isEspalierError,
  submitCommand,
  type Actor,
  type CommandInput,
  type Job,
} from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { Keyring, SecretContext } from '@espalier/secrets';
import { z } from 'zod';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobKind, JobStepResult, RunningJob } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { MdmClient } from '../mdm/mdm.client.js';
import type { CollectionCommandStore } from './collection-command.store.js';
import { isDestructive } from './destructive.js';

export interface CollectionCommandOptions {
  readonly db: Database;
  readonly store: CollectionCommandStore;
  readonly jobs: JobService;
  readonly idempotency: IdempotencyService;
  readonly mdm: Pick<MdmClient, 'ask'>;
  readonly vault: Keyring;
}

export interface CollectionCommand {
  readonly collectionId: string;
  readonly command: CommandInput;
  readonly priority: number;
  readonly push: boolean;
}

/** Who asks. */
export interface CommandSender {
  readonly callerId: string;
  readonly key: string | undefined;
  readonly title: string;
  readonly actor: Actor;
}

const paramsSchema = z.object({
  collectionId: z.string(),
  sealId: z.uuid(),
  commandSealed: z.string(),
  priority: z.number(),
  push: z.boolean(),
  actor: z.custom<Actor>((value) => typeof value === 'object' && value !== null),
});
type Params = z.output<typeof paramsSchema>;

const KIND = 'collection-command';
const DEVICES_AT_ONCE = 500;
/** Arguments of commands hold passcodes and keys. */
const sealPlace = (sealId: string): SecretContext => ({ table: 'job', column: 'params', row: sealId });

/** Sends one command to every device of a collection, as a job. */
export class CollectionCommandService {
  constructor(private readonly options: CollectionCommandOptions) {}

  /**
   * Makes the job. Destructive commands are refused: a slip in a collection would reach all of it.
   * @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_COMMANDS_NOT_FOR_COLLECTIONS
   */
  async send(request: CollectionCommand, sender: CommandSender): Promise<Job> {
    const { db, store, jobs, idempotency, vault } = this.options;
    const { collectionId, command, priority, push } = request;
    if (command.raw || isDestructive(command.requestType))
      throw configProxyErrors.ESP_COMMANDS_NOT_FOR_COLLECTIONS({ detail: command.requestType });
    const name = await store.name(db, collectionId);
    if (name === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    const { callerId, key, title, actor } = sender;
    return idempotency.run({ callerId, key, body: request }, (tx) => {
      const sealId = randomUUID();
      const commandSealed = vault.seal(Buffer.from(JSON.stringify(command)), sealPlace(sealId));
      return jobs.create(tx, {
        kind: KIND,
        title: `${command.requestType} to the devices of ${name}`,
        params: { collectionId, sealId, commandSealed, priority, push, actor } satisfies Params,
        createdBy: title,
      });
    });
  }

  /**
   * The work itself. A range of resource ids is fixed by one step and submitted by the next: whatever joins or leaves
   * meanwhile, a repeated step asks mdm for the same request id, which carries nothing out twice.
   */
  kind(): JobKind<Params> {
    return {
      kind: KIND,
      params: paramsSchema,
      cancelScope: 'commands:write',
      step: async (job, signal) => {
        const [after, end] = (job.cursor ?? '0').split('-').map(Number) as [number, number?];
        return end === undefined ? this.#plan(job.params, after) : this.#submit(job, { after, end }, signal);
      },
    };
  }

  async #plan({ collectionId }: Params, after: number): Promise<JobStepResult> {
    const { db, store } = this.options;
    const end = await store.nextRange(db, collectionId, after, DEVICES_AT_ONCE);
    const finished = end === undefined;
    return { done: 0, cursor: finished ? String(after) : `${after}-${end}`, finished };
  }

  async #submit(
    job: RunningJob<Params>,
    { after, end }: { after: number; end: number },
    signal: AbortSignal,
  ): Promise<JobStepResult> {
    const { db, store, mdm, vault } = this.options;
    const { collectionId, sealId, commandSealed, priority, push, actor } = job.params;
    const enrollmentIds = await store.targets(db, collectionId, after, end);
    const step = { done: enrollmentIds.length, cursor: String(end), finished: false };
    if (enrollmentIds.length === 0) return step;
    const command = commandInputSchema.parse(
      JSON.parse(vault.open(commandSealed, sealPlace(sealId)).toString()),
    );
    const requestId = `job:${job.id}:${after}-${end}`;
    const createdBy = job.createdBy.slice(0, 255);
    const request = {
      requestId,
      enrollmentIds,
      command,
      priority,
      push,
      createdBy,
      onInactive: 'skip' as const,
    };
    try {
      const { skipped } = await mdm.ask(submitCommand, request, { actor, signal });
      const messages = skipped.slice(0, 5).map((id) => `${id} is not enrolled any more.`);
      return { ...step, failed: skipped.length, messages };
    } catch (error) {
      // The range was submitted before a crash; who has joined or left it since makes the difference.
      if (isEspalierError(error) && error.code === 'ESP_MDM_REQUEST_ID_REUSED') return step;
      throw error;
    }
  }
}
