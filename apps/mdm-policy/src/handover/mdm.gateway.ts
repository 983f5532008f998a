import {
  requestInventory,
  setDeclarations,
  submitCommand,
  type CommandState,
  type PlistJson,
} from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { ContentService } from '../content/content.service.js';
import { declarationSet, type DeclaredConfiguration } from '../content/declaration-set.js';
import type { DeclaredItem } from '../planner/planner.types.js';
import type { AskedBehind, Handover } from './handover.store.js';

/** A command as mdm queued it for one enrolment. */
export interface HandedCommand {
  readonly id: string;
  /** Known where mdm tells it: a repeated call finds commands that have come further meanwhile. */
  readonly progress: {
    readonly state: CommandState;
    readonly pushedAt: number | null;
    readonly fetchedAt: number | null;
    readonly completedAt: number | null;
  } | null;
}

/** What mdm answered. Who is in neither list had nothing to be queued. */
export interface HandoverAnswer {
  /** By enrolment. */
  readonly commands: ReadonlyMap<string, HandedCommand>;
  /** Not enrolled at mdm. */
  readonly skipped: ReadonlySet<string>;
}

/** The content of a configuration item cannot be used: no other try will do. */
export class UnusableContent extends Error {
  override readonly name = 'UnusableContent';

  constructor(
    readonly ciId: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const CREATED_BY = 'mdm-policy';

/** Asks mdm. The same handover again is the same request to mdm, which answers what the first one made. */
export class MdmGateway {
  constructor(
    private readonly messaging: Pick<Messaging, 'call'>,
    private readonly content: Pick<ContentService, 'get'>,
  ) {}

  /** @throws EspalierError as mdm or config-proxy answer; UnusableContent */
  async carry(handover: Handover): Promise<HandoverAnswer> {
    const { spec } = handover;
    switch (spec.type) {
      case 'install':
        return this.#submit(
          handover,
          'InstallProfile',
          { Payload: { $data: await this.#profile(spec.ciId, spec.revision) } },
          spec,
        );
      case 'remove':
        return this.#submit(handover, 'RemoveProfile', { Identifier: spec.identifier }, spec);
      case 'declare':
        return this.#declare(handover, spec.set, spec.resync === true);
      case 'ask': {
        const { skipped } = await this.messaging.call(requestInventory, {
          enrollmentIds: [...handover.enrollmentIds],
          kinds: [...spec.kinds],
          createdBy: CREATED_BY,
        });
        return { commands: new Map(), skipped: new Set(skipped) };
      }
    }
  }

  async #submit(
    { id, enrollmentIds }: Handover,
    requestType: string,
    args: Record<string, PlistJson>,
    { thenAsk }: AskedBehind,
  ): Promise<HandoverAnswer> {
    const { commands, skipped } = await this.messaging.call(submitCommand, {
      requestId: id,
      enrollmentIds: [...enrollmentIds],
      command: { requestType, arguments: args },
      createdBy: CREATED_BY,
      onInactive: 'skip',
      ...(thenAsk !== undefined && { thenAsk: [...thenAsk] }),
    });
    return {
      commands: new Map(
        commands.map((command) => [
          command.enrollmentId,
          {
            id: command.id,
            progress: {
              state: command.state,
              pushedAt: command.pushedAt,
              fetchedAt: command.sentAt,
              completedAt: command.completedAt,
            },
          },
        ]),
      ),
      skipped: new Set(skipped),
    };
  }

  async #declare(
    { id, enrollmentIds }: Handover,
    set: readonly DeclaredItem[],
    resync: boolean,
  ): Promise<HandoverAnswer> {
    const configurations = await Promise.all(set.map((item) => this.#configuration(item)));
    const { commands, skipped } = await this.messaging.call(setDeclarations, {
      requestId: id,
      enrollmentIds: [...enrollmentIds],
      declarations: declarationSet(configurations),
      createdBy: CREATED_BY,
      onInactive: 'skip',
      ...(resync && { resync }),
    });
    return {
      commands: new Map(
        commands.map((command) => [command.enrollmentId, { id: command.id, progress: null }]),
      ),
      skipped: new Set(skipped),
    };
  }

  async #profile(ciId: string, revision: number): Promise<string> {
    const content = await this.content.get(ciId, revision);
    if (content.kind !== 'profile') throw new UnusableContent(ciId, 'Its content is not a profile.');
    return content.payload;
  }

  async #configuration({
    identifier,
    version,
    ciId,
    revision,
    renewals,
  }: DeclaredItem): Promise<DeclaredConfiguration> {
    const content = await this.content.get(ciId, revision);
    if (content.kind !== 'declaration') throw new UnusableContent(ciId, 'Its content is not a declaration.');
    return { identifier, version, renewals, type: content.type, payload: content.payload };
  }
}
