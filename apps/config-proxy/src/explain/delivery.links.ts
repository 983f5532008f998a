import type {
  DeploymentDevice,
  ExplainLink,
  PolicyDecision,
  PolicySteps,
  QueuedCommand,
} from '@espalier/contracts';
import {
  EVALUATE,
  isAway,
  link,
  NO_STEPS,
  timeText,
  type ExplainFacts,
  type Heard,
} from './explain.types.js';
import { policyLink } from './policy.link.js';

/** The links from the decision to the device and back. */
export function deliveryLinks(facts: ExplainFacts): ExplainLink[] {
  const policy = policyLink(facts);
  const steps = facts.decision?.steps ?? facts.state?.steps ?? NO_STEPS;
  if (!isUnderWay(facts)) return [policy];
  const delivery: Delivery = {
    facts,
    steps,
    command: facts.command?.kind === 'said' ? facts.command.value : undefined,
  };
  const drift = driftLink(delivery);
  if (drift !== undefined) return [policy, drift];
  if (isThereAlready(delivery)) return [policy, verificationLink(delivery)];
  return [policy, ...untilOpen([commandLink, pushLink, fetchLink, reportLink, verificationLink], delivery)];
}

/** Without the policy's word, what the device's state messages said still tells how far it came. */
const isUnderWay = ({ policy, decision, state }: ExplainFacts): boolean =>
  policy.kind === 'away'
    ? state?.status === 'success' || (state?.steps.queuedAt ?? null) !== null
    : decision !== undefined && REACHED.has(decision.state);

/** States of a decision after which something was done about it. */
const REACHED: ReadonlySet<PolicyDecision['state']> = new Set([
  'planned',
  'queued',
  'acknowledged',
  'verified',
  'failed',
]);

interface Delivery {
  readonly facts: ExplainFacts;
  readonly steps: PolicySteps;
  readonly command: QueuedCommand | undefined;
}

type LinkOf = (delivery: Delivery) => ExplainLink;

/** Up to the first link that does not hold; one that could not be asked about does not end the chain. */
function untilOpen(links: readonly LinkOf[], delivery: Delivery): ExplainLink[] {
  const chain: ExplainLink[] = [];
  for (const make of links) {
    const made = make(delivery);
    chain.push(made);
    if (made.state !== 'ok' && !isAway(made)) break;
  }
  return chain;
}

/** It was there once; what is done about it now is a new beginning. */
function driftLink({ facts: { decision } }: Delivery): ExplainLink | undefined {
  if (decision?.rule !== 'drift') return undefined;
  return link('verification', {
    state: 'lost',
    at: decision.decidedAt,
    by: 'somebody at the device',
    text: `It was there and is not any more${decision.lastError === null ? '' : `: ${decision.lastError}`}`,
    mend: 'It is put right by itself; find out who changes it on the device.',
    facts: { attempts: decision.attempts },
  });
}

/** The device showed it without having been asked. */
const isThereAlready = ({ facts, steps }: Delivery): boolean => isVerified(facts) && steps.queuedAt === null;

const isVerified = ({ decision, state }: ExplainFacts): boolean =>
  decision === undefined ? state?.status === 'success' : decision.state === 'verified';

function commandLink({ facts: { command, decision, policy }, steps }: Delivery): ExplainLink {
  if (command === undefined && steps.queuedAt === null && policy.kind === 'said')
    return decision?.state === 'failed'
      ? link('command', {
          state: 'failed',
          at: decision.decidedAt,
          text: decision.lastError ?? decision.reason,
          mend: againAt(decision.nextAt),
        })
      : link('command', { state: 'waiting', text: 'The command is being handed to mdm.' });
  if (command?.kind === 'said') {
    const { id, requestType, createdAt, createdBy, state } = command.value;
    const facts = { commandId: id, requestType, state };
    return state === 'cancelled'
      ? link('command', {
          state: 'failed',
          at: command.value.completedAt,
          text: `The command ${requestType} was taken back.`,
          mend: EVALUATE,
          facts,
        })
      : link('command', {
          state: 'ok',
          at: createdAt,
          by: createdBy,
          text: `The command ${requestType} is queued for the device.`,
          facts,
        });
  }
  return link('command', {
    state: steps.queuedAt === null ? 'waiting' : 'ok',
    at: steps.queuedAt,
    text: steps.queuedAt === null ? 'No command is known of.' : 'A command was queued for the device.',
    facts: awayFacts(command),
  });
}

const awayFacts = (heard: Heard<unknown> | undefined): ExplainLink['facts'] =>
  heard?.kind === 'away' ? { away: heard.service, why: heard.why } : {};

const pushMends = {
  none: 'The device has given no push token yet: it does when its enrolment is finished.',
  unregistered: 'Apple says the device has gone: switch it on, or enrol it again.',
  'invalid-token': 'Check the push certificate; then have the device connect, or enrol it again.',
} as const;

function pushLink({ facts: { mdmEnrollment }, steps, command }: Delivery): ExplainLink {
  const pushedAt = command?.pushedAt ?? steps.pushedAt;
  if (pushedAt !== null)
    return link('push', {
      state: 'ok',
      at: pushedAt,
      by: 'APNs',
      text: 'APNs took the push that wakes the device.',
    });
  if (fetchedAtOf(command, steps) !== null)
    return link('push', { state: 'ok', text: 'The device came by itself: no push was needed.' });
  const told = mdmEnrollment.kind === 'said' ? mdmEnrollment.value : undefined;
  if (told !== undefined && told.push !== 'ok')
    return link('push', {
      state: 'failed',
      by: 'APNs',
      text: `The device cannot be woken: the state of its push token is ${told.push}.`,
      mend: pushMends[told.push],
      facts: { push: told.push, lastSeenAt: told.lastSeenAt },
    });
  return link('push', {
    state: 'waiting',
    text: 'The push that wakes the device has not gone out yet.',
    facts: awayFacts(mdmEnrollment),
  });
}

const fetchedAtOf = (command: QueuedCommand | undefined, steps: PolicySteps): number | null => {
  if (command === undefined) return steps.fetchedAt;
  // What the device put off it will fetch anew, so mdm does not call it fetched; but it has had it.
  const deferredAt = command.state === 'not-now' ? command.notNowSince : null;
  return command.sentAt ?? deferredAt ?? steps.fetchedAt;
};

function fetchLink({ facts: { mdmEnrollment }, steps, command }: Delivery): ExplainLink {
  const fetchedAt = fetchedAtOf(command, steps);
  if (fetchedAt !== null || steps.acknowledgedAt !== null)
    return link('fetch', {
      state: 'ok',
      at: fetchedAt,
      by: 'the device',
      text: 'The device fetched the command.',
    });
  const seen = mdmEnrollment.kind === 'said' ? mdmEnrollment.value.lastSeenAt : null;
  const isThere = seen !== null && command !== undefined && seen > command.createdAt;
  return link('fetch', {
    state: 'waiting',
    at: seen,
    text: `The device has not fetched the command: it was ${seen === null ? 'never seen' : `last seen at ${timeText(seen)}`}.`,
    mend: isThere
      ? 'Wait: the device has been there since the command was queued; others may come before it.'
      : 'Switch the device on and see that it reaches the Internet.',
    facts: { lastSeenAt: seen, ...awayFacts(mdmEnrollment) },
  });
}

function reportLink({ facts: { decision, state }, steps, command }: Delivery): ExplainLink {
  if (command?.state === 'not-now')
    return link('report', {
      state: 'waiting',
      at: command.notNowSince,
      by: 'the device',
      text: `The device answers NotNow${command.notNowSince === null ? '' : ` since ${timeText(command.notNowSince)}`} (${command.notNowCount === 1 ? 'once' : `${command.notNowCount} times`}).`,
      mend: 'Unlock the device: most often somebody has to log in.',
      facts: { notNowCount: command.notNowCount },
    });
  const refused = command?.state === 'error' || command?.state === 'format-error';
  if (refused || (hasFailed(decision, state) && command?.state !== 'acknowledged'))
    return link('report', {
      state: 'failed',
      at: command?.completedAt ?? null,
      by: 'the device',
      text: `The device refused it: ${errorText(command) ?? decision?.lastError ?? state?.reason ?? 'it gave no reason.'}`,
      mend: againAt(decision?.nextAt ?? null),
      facts: {
        errorChain: (command?.errorChain ?? []).map((error) => ({ ...error })),
        errorCode: state?.errorCode ?? null,
        attempts: decision?.attempts ?? null,
      },
    });
  const acknowledgedAt =
    steps.acknowledgedAt ?? (command?.state === 'acknowledged' ? command.completedAt : null);
  return acknowledgedAt === null && steps.verifiedAt === null
    ? link('report', {
        state: 'waiting',
        at: command?.sentAt ?? steps.fetchedAt,
        text: 'The device has the command and has not answered yet.',
        mend: 'Wait; a device that slept meanwhile is given the command again.',
      })
    : link('report', {
        state: 'ok',
        at: acknowledgedAt,
        by: 'the device',
        text: 'The device acknowledged the command.',
      });
}

const hasFailed = (decision: PolicyDecision | undefined, state: DeploymentDevice | undefined): boolean =>
  decision === undefined ? state?.status === 'error' : decision.state === 'failed';

const errorText = (command: QueuedCommand | undefined): string | undefined =>
  command === undefined || command.errorChain.length === 0
    ? undefined
    : command.errorChain
        .map(({ domain, code, description }) => `${description} (${domain} ${code})`)
        .join('; ');

const againAt = (nextAt: number | null): string =>
  nextAt === null
    ? 'Correct what the device complains of; then have it evaluated.'
    : `Correct what the device complains of; it is tried again at ${timeText(nextAt)}.`;

function verificationLink({ facts: known, steps }: Delivery): ExplainLink {
  const { decision, state, decided } = known;
  const facts = { items: decided.total, verified: decided.verified };
  if (hasFailed(decision, state))
    return link('verification', {
      state: 'failed',
      at: state?.updatedAt ?? decision?.decidedAt ?? null,
      by: 'the device',
      text: decision?.lastError ?? state?.reason ?? 'The device reports that it does not stand as wanted.',
      mend: againAt(decision?.nextAt ?? null),
      facts,
    });
  return isVerified(known)
    ? link('verification', {
        state: 'ok',
        at: steps.verifiedAt,
        by: 'the device',
        text: 'The device reported that it stands as wanted.',
        facts,
      })
    : link('verification', {
        state: 'waiting',
        at: steps.acknowledgedAt,
        text: 'The device acknowledged it, but has not yet reported to have it.',
        mend: EVALUATE,
        facts,
      });
}
