import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  Collection,
  CollectionDetail,
  CollectionMember,
  DeploymentDetail,
  DeploymentDevice,
  DeploymentSummary,
  ExplainAnswer,
  Job,
  StoredState,
} from '@espalier/contracts';
import { ConsoleError, type ConsoleClient } from './console.client.js';

/** What is needed of a device's record. */
export interface SiteDevice {
  readonly resourceId: number;
  readonly name: string;
  readonly serialNumber: string | null;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export type NewDeployment = Readonly<Record<string, unknown>> & {
  readonly thingKind: string;
  readonly thingId: string;
  readonly collectionId: string;
};

const POLL_MS = 100;

/** The site core's part of the JSON API, in the words of an admin. */
export class SiteClient {
  constructor(private readonly console: ConsoleClient) {}

  /** Everything of a list, page by page. */
  async all<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | undefined; ;) {
      const text = new URLSearchParams({ limit: '500', ...query, ...(cursor !== undefined && { cursor }) });
      const page = await this.console.call<Page<T>>('GET', `${path}?${text.toString()}`);
      items.push(...page.items);
      if (page.nextCursor === undefined) return items;
      cursor = page.nextCursor;
    }
  }

  devices(filter?: string): Promise<SiteDevice[]> {
    return this.all('/api/v1/devices', filter === undefined ? {} : { filter });
  }

  async collection(name: string): Promise<Collection | undefined> {
    const [found] = await this.all<Collection>('/api/v1/collections', { filter: `name eq '${name}'` });
    return found;
  }

  members(collectionId: string): Promise<CollectionMember[]> {
    return this.all(`/api/v1/collections/${collectionId}/members`);
  }

  createCollection(name: string, definition: Readonly<Record<string, unknown>>): Promise<CollectionDetail> {
    return this.#create('/api/v1/collections', {
      kind: 'device',
      limitingId: 'SMS00001',
      name,
      ...definition,
    });
  }

  /** A configuration item from a `.mobileconfig`; gives its id. */
  async importProfile(profile: Buffer, name: string): Promise<string> {
    const path = `/api/v1/configuration-items/import?name=${encodeURIComponent(name)}`;
    const headers = { 'content-type': 'application/x-apple-aspen-config', 'idempotency-key': randomUUID() };
    const { item } = await this.console.call<{ item: { id: string } }>('POST', path, profile, headers);
    return item.id;
  }

  /** A new revision of a configuration item. */
  changeProfile(id: string, profile: Buffer): Promise<unknown> {
    const content = { kind: 'profile', profile: profile.toString('base64') };
    return this.console.call('PATCH', `/api/v1/configuration-items/${id}`, { content });
  }

  addRule(collectionId: string, rule: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.console.call('POST', `/api/v1/collections/${collectionId}/rules`, rule);
  }

  /** A configuration item from a declaration; gives its id. */
  async createDeclaration(name: string, declaration: Readonly<Record<string, unknown>>): Promise<string> {
    const content = { kind: 'declaration', declaration };
    const { item } = await this.#create<{ item: { id: string } }>('/api/v1/configuration-items', {
      name,
      content,
    });
    return item.id;
  }

  async createBaseline(name: string, ciIds: readonly string[]): Promise<string> {
    const members = ciIds.map((ciId) => ({ ciId }));
    const { item } = await this.#create<{ item: { id: string } }>('/api/v1/baselines', { name, members });
    return item.id;
  }

  deploy(deployment: NewDeployment): Promise<DeploymentDetail> {
    return this.#create('/api/v1/deployments', { intent: 'required', ...deployment });
  }

  summary(deploymentId: string): Promise<DeploymentSummary> {
    return this.console.call('GET', `/api/v1/deployments/${deploymentId}/summary`);
  }

  deploymentDevices(deploymentId: string): Promise<DeploymentDevice[]> {
    return this.all(`/api/v1/deployments/${deploymentId}/devices`);
  }

  /** The newest state message of each topic of a device. */
  states(resourceId: number): Promise<StoredState[]> {
    return this.all(`/api/v1/devices/${resourceId}/states`);
  }

  explain(resourceId: number, deploymentId: string): Promise<ExplainAnswer> {
    return this.console.call('GET', `/api/v1/devices/${resourceId}/explain?deployment=${deploymentId}`);
  }

  /** By all deployments of a thing, those of baselines that hold it included. */
  explainThing(resourceId: number, thingId: string): Promise<ExplainAnswer> {
    return this.console.call('GET', `/api/v1/devices/${resourceId}/explain?thing=${thingId}`);
  }

  removeDirectRules(collectionId: string, resourceIds: readonly number[]): Promise<unknown> {
    return this.console.call('POST', `/api/v1/collections/${collectionId}/direct-rules/remove`, {
      resourceIds,
    });
  }

  /** Has a device looked at anew, at once. */
  evaluate(resourceId: number): Promise<unknown> {
    return this.console.call('POST', `/api/v1/devices/${resourceId}/evaluate`);
  }

  /**
   * Sends a command to every device of a collection; gives the job.
   * @param key the same key again makes no second job
   */
  commandCollection(collectionId: string, requestType: string, key: string = randomUUID()): Promise<Job> {
    const path = `/api/v1/collections/${collectionId}/commands`;
    return this.console.call('POST', path, { command: { requestType } }, { 'idempotency-key': key });
  }

  deleteDeployment(deploymentId: string): Promise<void> {
    return this.console.call('DELETE', `/api/v1/deployments/${deploymentId}`);
  }

  async finished(jobId: string): Promise<Job> {
    return until(`job ${jobId} is over`, async () => {
      const job = await this.console.call<Job>('GET', `/api/v1/jobs/${jobId}`);
      return job.finishedAt === null ? undefined : job;
    });
  }

  #create<T>(path: string, body: unknown): Promise<T> {
    return this.console.call('POST', path, body, { 'idempotency-key': randomUUID() });
  }
}

/**
 * Asks until there is an answer; services that restart meanwhile are waited for.
 * @throws Error saying what was waited for
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  patienceMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await ask();
      if (found !== undefined) return found;
    } catch (error) {
      if (error instanceof ConsoleError && error.status < 500) throw error;
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`, { cause: last });
    await pause(POLL_MS);
  }
}
