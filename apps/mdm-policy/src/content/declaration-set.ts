import { createHash } from 'node:crypto';
import type { Declaration } from '@espalier/contracts';
import { serverTokenOf } from '../planner/server-token.js';

const LONGEST_IDENTIFIER = 64;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A declaration that was configured, as content and policy item together say it. */
export interface DeclaredConfiguration {
  readonly identifier: string;
  readonly version: string;
  /** As in ManagedItem. */
  readonly renewals?: number | undefined;
  readonly type: string;
  readonly payload: Declaration['payload'];
}

/**
 * All declarations of an enrolment. A configuration has no effect until an activation names it (Apple, "Leveraging the
 * declarative management data model"), so each gets one of its own.
 */
export function declarationSet(configurations: readonly DeclaredConfiguration[]): Declaration[] {
  return configurations
    .toSorted((a, b) => (a.identifier < b.identifier ? -1 : 1))
    .flatMap(({ identifier, version, renewals, type, payload }) => {
      const declared = { identifier, type, serverToken: serverTokenOf(version, renewals), payload };
      return type.startsWith('com.apple.configuration.')
        ? [declared, activationOf(identifier, renewals)]
        : [declared];
    });
}

/** Renewed with its configuration: it may be what keeps that from being active. */
function activationOf(configuration: string, renewals: number | undefined): Declaration {
  const payload = { StandardConfigurations: [configuration] };
  return {
    identifier: activationIdentifier(configuration),
    type: 'com.apple.activation.simple',
    serverToken: serverTokenOf(digest(JSON.stringify(payload)), renewals),
    payload,
  };
}

/** Identifiers have at most 64 octets. */
export function activationIdentifier(configuration: string): string {
  const plain = `${configuration}.activation`;
  return Buffer.byteLength(plain) <= LONGEST_IDENTIFIER
    ? plain
    : `${digest(configuration).slice(0, 40)}.activation`;
}
