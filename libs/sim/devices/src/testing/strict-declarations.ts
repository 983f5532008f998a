import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  buildDeclaration,
  buildDeclarationItems,
  buildSyncTokens,
  declarationKindOf,
  declarationKinds,
  parseEndpoint,
  type DeclarationKind,
  type DeclarativeManagementMessage,
} from '@espalier/mdm-protocol';
import type { Answer } from './strict-scep.js';

/** A declaration that a spec hands out; its ServerToken is made from its content. */
export interface StrictDeclaration {
  /** As in `com.apple.configuration.passcode.settings`. */
  readonly type: string;
  readonly identifier: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Default: the third part of the type. */
  readonly kind?: DeclarationKind;
}

const listNames = {
  activation: 'activations',
  asset: 'assets',
  configuration: 'configurations',
  management: 'management',
} as const;

const entry = z.strictObject({
  active: z.boolean(),
  valid: z.enum(['valid', 'invalid', 'unknown']),
  identifier: z.string(),
  'server-token': z.string(),
  reasons: z
    .array(
      z.strictObject({ code: z.string(), description: z.string(), details: z.record(z.string(), z.json()) }),
    )
    .min(1)
    .exactOptional(),
});
const entries = z.array(entry);
const statusReport = z.strictObject({
  StatusItems: z.looseObject({
    management: z.looseObject({
      declarations: z.strictObject({
        activations: entries,
        assets: entries,
        configurations: entries,
        management: entries,
      }),
    }),
  }),
  Errors: z.array(z.strictObject({ StatusItem: z.string(), Reasons: z.array(z.json()).exactOptional() })),
  FullReport: z.literal(true).exactOptional(),
});

/** A status report as devices send it. */
export type StrictStatusReport = z.output<typeof statusReport>;
export type StrictStatus = z.output<typeof entry>;

/** What the server has for one enrolment, and what it was told. */
interface Assigned {
  declarations: readonly Required<StrictDeclaration>[];
  /** Changes with the declarations only. */
  token: string;
  readonly reports: StrictStatusReport[];
  /** By `kind/identifier`: merged as Apple says. */
  readonly statuses: Map<string, StrictStatus>;
}

/** Declarative management of a {@link StrictMdmServer}: hands out what is assigned, and checks what comes back. */
export class StrictDeclarations {
  /** Endpoints asked for, in their order. */
  readonly requests: { readonly id: string; readonly endpoint: string }[] = [];
  readonly #assigned = new Map<string, Assigned>();

  /** Assigns declarations to an enrolment, in place of what it had. */
  assign(id: string, declarations: readonly StrictDeclaration[]): void {
    const assigned = this.#of(id);
    assigned.declarations = declarations.map((one) => ({ kind: kindOf(one.type), ...one }));
    assigned.token = hash(assigned.declarations);
  }

  /** TokensResponse, as for the command's `Data`. */
  tokens(id: string): Buffer {
    return buildSyncTokens({ declarationsToken: this.#of(id).token, timestamp: new Date(0) });
  }

  reports(id: string): readonly StrictStatusReport[] {
    return this.#of(id).reports;
  }

  /** What the device says of `kind/identifier`, by all reports together. */
  status(id: string, key: string): StrictStatus | undefined {
    return this.#of(id).statuses.get(key);
  }

  endpoints(id: string): string[] {
    return this.requests.filter((request) => request.id === id).map(({ endpoint }) => endpoint);
  }

  answer(id: string, { endpoint, data }: DeclarativeManagementMessage): Answer {
    this.requests.push({ id, endpoint });
    const asked = parseEndpoint(endpoint);
    switch (asked.name) {
      case 'tokens':
        return ok(this.tokens(id));
      case 'declaration-items':
        return ok(this.#items(id));
      case 'status':
        return this.#status(id, data);
      case 'declaration': {
        const found = this.#of(id).declarations.find(
          (one) => one.kind === asked.kind && one.identifier === asked.identifier,
        );
        if (found === undefined) throw new Error(`${id} asks for ${endpoint}, which it was not told of`);
        return ok(buildDeclaration({ ...found, serverToken: hash(found) }));
      }
    }
  }

  #items(id: string): Buffer {
    const { declarations, token: declarationsToken } = this.#of(id);
    return buildDeclarationItems({
      declarationsToken,
      declarations: declarations.map((one) => ({ ...one, serverToken: hash(one) })),
    });
  }

  #status(id: string, data: Buffer | undefined): Answer {
    const report = statusReport.parse(JSON.parse((data ?? Buffer.alloc(0)).toString('utf8')));
    const assigned = this.#of(id);
    assigned.reports.push(report);
    if (report.FullReport === true) assigned.statuses.clear();
    for (const kind of declarationKinds)
      for (const status of report.StatusItems.management.declarations[listNames[kind]]) {
        if (status.valid === 'invalid' && status.reasons === undefined)
          throw new Error(`${status.identifier} is invalid without a reason`);
        assigned.statuses.set(`${kind}/${status.identifier}`, status);
      }
    return { status: 200 };
  }

  #of(id: string): Assigned {
    const found = this.#assigned.get(id);
    if (found !== undefined) return found;
    const made = { declarations: [], token: hash([]), reports: [], statuses: new Map() };
    this.#assigned.set(id, made);
    return made;
  }
}

function kindOf(type: string): DeclarationKind {
  const kind = declarationKindOf(type);
  if (kind === undefined) throw new Error(`${type} is of no kind`);
  return kind;
}

function hash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}

function ok(body: Buffer): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}
