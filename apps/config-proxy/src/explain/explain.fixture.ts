import { randomUUID } from 'node:crypto';
import type { DeploymentDevice, Enrollment, PolicyDecision, QueuedCommand } from '@espalier/contracts';
import { policyItem } from '../deployments/deployment.fixture.js';
import { NO_STEPS, type ExplainFacts, type Heard } from './explain.types.js';

export const NOW = Date.parse('2026-11-21T10:00:00Z');
export const MINUTE = 60_000;
export const DEPLOYMENT = '11111111-1111-4111-8111-111111111111';
export const COMMAND = '22222222-2222-4222-8222-222222222222';

export const said = <T>(value: T): Heard<T> => ({ kind: 'said', value });
export const away = (service: string): { kind: 'away'; service: string; why: string } => ({
  kind: 'away',
  service,
  why: 'The service did not answer in time.',
});

export const mdmEnrollment = (more: Partial<Enrollment> = {}): Enrollment => ({
  id: 'MAC-0',
  kind: 'device',
  deviceId: 'MAC-0',
  state: 'enrolled',
  serialNumber: 'S0',
  deviceName: 'Mac 0',
  model: null,
  modelName: null,
  productName: null,
  osVersion: null,
  buildVersion: null,
  userShortName: null,
  push: 'ok',
  certificateFingerprint: 'ab'.repeat(32),
  certificateNotAfter: null,
  authenticatedAt: NOW - 90 * MINUTE,
  enrolledAt: NOW - 89 * MINUTE,
  removedAt: null,
  lastSeenAt: NOW - 3 * MINUTE,
  ...more,
});

export const policyDecision = (more: Partial<PolicyDecision> = {}): PolicyDecision => ({
  deploymentId: DEPLOYMENT,
  ciId: policyItem().ciId,
  revision: 1,
  kind: 'profile',
  identifier: 'com.example.wifi',
  desired: 'present',
  state: 'verified',
  reason: 'The device reported it.',
  rule: 'start',
  winnerDeploymentId: null,
  decidedAt: NOW - 5 * MINUTE,
  nextAt: null,
  attempts: 1,
  commandId: COMMAND,
  lastError: null,
  steps: {
    targetedAt: NOW - 20 * MINUTE,
    evaluatedAt: NOW - 19 * MINUTE,
    queuedAt: NOW - 18 * MINUTE,
    pushedAt: NOW - 17 * MINUTE,
    fetchedAt: NOW - 16 * MINUTE,
    acknowledgedAt: NOW - 15 * MINUTE,
    verifiedAt: NOW - 14 * MINUTE,
  },
  ...more,
});

/** Steps up to one of them. */
export const stepsUntil = (last: keyof PolicyDecision['steps']): PolicyDecision['steps'] => {
  const names = Object.keys(NO_STEPS) as (keyof PolicyDecision['steps'])[];
  const reached = names.slice(0, names.indexOf(last) + 1);
  const all = policyDecision().steps;
  return { ...NO_STEPS, ...Object.fromEntries(reached.map((name) => [name, all[name]])) };
};

export const queuedCommand = (more: Partial<QueuedCommand> = {}): QueuedCommand => ({
  id: COMMAND,
  commandId: randomUUID(),
  enrollmentId: 'MAC-0',
  requestType: 'InstallProfile',
  state: 'acknowledged',
  priority: 0,
  createdAt: NOW - 18 * MINUTE,
  createdBy: 'mdm-policy',
  pushedAt: NOW - 17 * MINUTE,
  sentAt: NOW - 16 * MINUTE,
  notNowCount: 0,
  notNowSince: null,
  completedAt: NOW - 15 * MINUTE,
  errorChain: [],
  ...more,
});

export const deviceState = (more: Partial<DeploymentDevice> = {}): DeploymentDevice => ({
  resourceId: 16_777_219,
  name: 'Mac 0',
  enrollmentId: 'MAC-0',
  status: 'success',
  complianceState: 1,
  enforcementState: 10,
  reason: null,
  errorCode: null,
  commandId: COMMAND,
  steps: policyDecision().steps,
  updatedAt: NOW - 14 * MINUTE,
  ...more,
});

type Changes = Partial<Omit<ExplainFacts, 'deployment' | 'decision'>> & {
  readonly settings?: Partial<ExplainFacts['deployment']['settings']>;
  readonly decision?: Partial<PolicyDecision> | undefined;
};

/** A device that has the thing, but for the changes. */
export function explainFacts({ settings, ...changes }: Changes = {}): ExplainFacts {
  const wanted = 'decision' in changes ? changes.decision : {};
  const decision = wanted === undefined ? undefined : policyDecision(wanted);
  return {
    now: NOW,
    resource: { id: 16_777_219, name: 'Mac 0', state: 'active' },
    deployment: {
      id: DEPLOYMENT,
      assignmentId: 16_777_300,
      thingKind: 'baseline',
      thingId: randomUUID(),
      thingName: 'Security',
      collectionId: 'ESP00014',
      settings: {
        name: 'Security_Lab_Install',
        comment: '',
        intent: 'required',
        action: 'install',
        enabled: true,
        startAt: NOW - 30 * MINUTE,
        deadlineAt: null,
        localTime: false,
        priority: 1,
        overrideWindows: false,
        notify: true,
        revision: null,
        ...settings,
      },
      deployedRevision: 1,
      items: [policyItem()],
      version: 1,
      createdAt: NOW - 30 * MINUTE,
      createdBy: 'an admin',
      changedAt: NOW - 30 * MINUTE,
      changedBy: 'an admin',
    },
    partOfBaseline: false,
    collection: { name: 'Lab', kind: 'device' },
    enrollment: { id: 'MAC-0', kind: 'device', isActive: true, userResourceId: null },
    mdmEnrollment: said(mdmEnrollment()),
    membership: {
      collectionId: 'ESP00014',
      collectionName: 'Lab',
      isMember: true,
      joinedAt: NOW - 60 * MINUTE,
      reasons: [{ kind: 'query', text: 'The query rule "Macs" matches it.', ruleId: 1, collectionId: null }],
    },
    policy: said({
      known: true,
      inScope: [{ deploymentId: DEPLOYMENT, since: NOW - 20 * MINUTE }],
      evaluatedAt: NOW - 5 * MINUTE,
      dueAt: null,
      decisions: decision === undefined ? [] : [decision],
    }),
    decided: { total: 1, verified: decision?.state === 'verified' ? 1 : 0 },
    winnerName: undefined,
    command: said(queuedCommand()),
    state: undefined,
    ...changes,
    decision,
  };
}
