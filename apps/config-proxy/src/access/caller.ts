import { createParamDecorator } from '@nestjs/common';
import { configProxyErrors, type Actor, type ApiScope } from '@espalier/contracts';
import type { CallOptions } from '@espalier/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KnownAdministrator } from '../administrators/administrator.rows.js';
import type { StoredToken } from '../api-tokens/api-token.store.js';
import type { Reach, Rights } from '../roles/rights.js';
import type { SignInMethod } from './authenticator.js';

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** How a caller proved who they are, and what follows from it. */
export interface Credential {
  /** The person or service account: the same for all of their tokens and ways to sign in. */
  readonly administrator: KnownAdministrator;
  readonly method: 'token' | SignInMethod;
  /** Where an API token was sent. */
  readonly token?: StoredToken;
  /** The rights of the administrator or, with a token, the part of them that the token has. */
  readonly rights: Rights;
  /** Epoch ms when it ends by itself; null where it does not. */
  readonly expiresAt: number | null;
  /** The identity they signed in with, where no API token was sent. */
  readonly identity?: string;
  /** Epoch ms when that was proven. */
  readonly provenAt?: number;
}

/** Who sent a request that the gate let through. */
export class Caller {
  readonly administrator: KnownAdministrator;
  readonly method: Credential['method'];
  /** Where an API token was sent. */
  readonly token: StoredToken | undefined;
  readonly rights: Rights;
  readonly expiresAt: number | null;
  readonly identity: string | undefined;
  readonly provenAt: number | undefined;

  constructor(
    credential: Credential,
    readonly address: string,
    private readonly traceparent: string | undefined,
  ) {
    this.administrator = credential.administrator;
    this.method = credential.method;
    this.token = credential.token;
    this.rights = credential.rights;
    this.expiresAt = credential.expiresAt;
    this.identity = credential.identity;
    this.provenAt = credential.provenAt;
  }

  /** Of the token or of the way to sign in: what idempotency keys and rate limits are kept by. */
  get credentialId(): string {
    return this.token?.id ?? `${this.method}:${this.administrator.id}`;
  }

  /** Callers with the same are let in, or not any more, together. */
  get proof(): string {
    return [this.credentialId, this.identity, this.provenAt, this.expiresAt].join(' ');
  }

  /** The administrator who made their token, where it was another one: the two count as one person. */
  get madeBy(): string | undefined {
    const maker = this.token?.madeBy ?? undefined;
    return maker === this.administrator.id ? undefined : maker;
  }

  /** What they may do anywhere at all. */
  get scopes(): ReadonlySet<ApiScope> {
    return this.rights.scopes;
  }

  /** In which collections they may do it. */
  reach(scope: ApiScope): Reach {
    return this.rights.reach(scope);
  }

  /** As shown to people, in commands and in the log. No two credentials have the same. */
  get title(): string {
    return this.token === undefined
      ? `${this.administrator.name} (${this.method})`
      : `${this.token.name} (API token ${this.token.id})`;
  }

  get actor(): Actor {
    if (this.token !== undefined) {
      const { id, name } = this.token;
      return { type: 'api-token', id, name, ip: this.address, auth: 'token' };
    }
    const { id, name, kind } = this.administrator;
    return { type: kind, id, name, ip: this.address, auth: this.method };
  }

  /** What a request to another service carries on this caller's behalf. */
  get origin(): CallOptions {
    return {
      actor: this.actor,
      ...(this.traceparent !== undefined && { traceparent: this.traceparent }),
    };
  }
}

const callers = new WeakMap<FastifyRequest, Caller>();

/** Makes the caller of a request known to its handler. */
export function rememberCaller(request: FastifyRequest, credential: Credential): Caller {
  const trace = request.headers['traceparent'];
  const traceparent = typeof trace === 'string' && TRACEPARENT.test(trace) ? trace : undefined;
  const caller = new Caller(credential, request.ip, traceparent);
  callers.set(request, caller);
  return caller;
}

/** The caller of a request; undefined before the gate, and on public endpoints. */
export const callerOf = (request: FastifyRequest): Caller | undefined => callers.get(request);

/** Gives a handler the caller of its request. */
export const FromCaller = createParamDecorator((_data: unknown, context): Caller => {
  const caller = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (caller === undefined) throw new Error('a public endpoint has no caller');
  return caller;
});

/**
 * Refuses whoever lacks the scope, as RFC 6750 §3.1 says it.
 * @throws EspalierError ESP_AUTH_SCOPE_MISSING
 */
export function requireScope(scopes: ReadonlySet<string>, scope: string, reply: FastifyReply): void {
  if (scopes.has(scope)) return;
  void reply.header(
    'www-authenticate',
    `Bearer realm="espalier", error="insufficient_scope", scope="${scope}"`,
  );
  throw configProxyErrors.ESP_AUTH_SCOPE_MISSING({ detail: `Needed: ${scope}.` });
}
