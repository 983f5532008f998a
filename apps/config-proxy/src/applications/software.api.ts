import type { Application, Approval } from '@espalier/contracts';
import type { FastifyReply } from 'fastify';
import type { Caller } from '../access/caller.js';
import { passGate, type GatedRequest } from '../approvals/approval.http.js';
import type { ChangeGate } from '../approvals/change-gate.js';
import { checkIfMatch, setEtag } from '../http/etag.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { ThingService } from '../library/thing.service.js';
import type { ListQuery } from '../library/thing.store.js';
import { pageView, revisionHead, softwareView } from '../library/views.js';
import type {
  NewSoftware,
  SoftwareChange,
  SoftwareDefinition,
  SoftwareRevision,
  SoftwareService,
} from './software.service.js';

interface RevisionView<D> extends ReturnType<typeof revisionHead> {
  readonly definition: D;
}

interface PageOf<T> {
  items: T[];
  nextCursor?: string;
}

/** What the controllers of applications and of packages do. */
export class SoftwareApi<D extends SoftwareDefinition> {
  constructor(
    private readonly kind: 'application' | 'package',
    private readonly path: string,
    private readonly software: SoftwareService<D>,
    private readonly things: ThingService,
    private readonly idempotency: IdempotencyService,
    private readonly gate: ChangeGate,
  ) {}

  async list(query: ListQuery): Promise<PageOf<Application>> {
    return pageView(await this.things.list(this.kind, query), softwareView);
  }

  async create(body: NewSoftware<D>, key: string | undefined, caller: Caller, reply: FastifyReply) {
    const { id } = await this.idempotency.run(
      { callerId: caller.credentialId, key, body: { [this.kind]: body } },
      async (tx) => ({
        id: (await this.software.create(tx, body, caller)).id,
      }),
    );
    void reply.header('location', `${this.path}/${id}`);
    return this.read(id, reply);
  }

  async read(id: string, reply: FastifyReply): Promise<{ item: Application; latest: RevisionView<D> }> {
    const thing = await this.software.get(id);
    setEtag(reply, thing.version);
    return { item: softwareView(thing), latest: await this.revision(id, thing.revision) };
  }

  async change(
    id: string,
    request: GatedRequest,
    change: SoftwareChange<D>,
  ): Promise<{ item: Application; latest: RevisionView<D> } | Approval> {
    const { headers, caller, reply } = request;
    const expect = (version: number): void => checkIfMatch(headers['if-match'], version);
    const passed = await passGate(this.gate, request, (weigh) =>
      this.software.change(id, change, expect, caller, weigh),
    );
    return 'approval' in passed ? passed.approval : this.read(id, reply);
  }

  remove(id: string, ifMatch: string | undefined): Promise<void> {
    return this.software.delete(id, (version) => checkIfMatch(ifMatch, version));
  }

  async revisions(id: string, query: Pick<ListQuery, 'limit' | 'cursor'>): Promise<PageOf<RevisionView<D>>> {
    await this.software.get(id);
    const { rows, next } = await this.things.revisions(id, query);
    const revisions = await Promise.all(rows.map((row) => this.software.withDefinition(row)));
    return pageView({ rows: revisions, ...(next !== undefined && { next }) }, revisionView);
  }

  async revision(id: string, number: number): Promise<RevisionView<D>> {
    await this.software.get(id);
    return revisionView(await this.software.revision(id, number));
  }
}

const revisionView = <D>({ revision, definition }: SoftwareRevision<D>): RevisionView<D> => ({
  ...revisionHead(revision),
  definition,
});
